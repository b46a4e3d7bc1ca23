import * as z from "zod";
import type { Bus } from "../bus/bus.ts";
import { dependenciesOf } from "../bus/engine-of.ts";
import { eachDeadLetter } from "../dead-letters/each-dead-letter.ts";
import type { DeadLetter } from "../engine/delivery.ts";
import type { Engine } from "../engine/engine.ts";
import { noSubscriptionAmong } from "../engine/errors.ts";
import type { SubscriptionState } from "../engine/subscription-store.ts";
import { BusError } from "../error/bus-error.ts";
import { mustBe } from "../error/must-be.ts";
import type { Event } from "../event/event.ts";
import { idTime } from "../event/id.ts";
import { lazy } from "../event/lazy.ts";
import { formatTime } from "../event/time.ts";
import { explainPattern } from "../pattern/index.ts";
import { parseId } from "../runtime/call-fields.ts";
import { parseCallOptions } from "../runtime/call-options.ts";
import { subscriptionPattern } from "../subscription/subscription-pattern.ts";
import type { DeliveryExplanation } from "./explanation.ts";
import { verdictOf } from "./verdict.ts";

/** Which delivery is explained. */
export interface ExplainOptions {
  /** The id of the event. */
  event: string;
  /** The name of the subscription. */
  subscription: string;
}

const schema = lazy(() => z.strictObject({ event: z.unknown(), subscription: z.unknown() }));

/**
 * Explains what became of an event in a subscription: whether it was delivered and how that ended, where it is on its way, or
 * which part of the subscription's pattern excluded it and the smallest change with which it would match. Works on every
 * engine; one without the capability `outcomes` does not tell deliveries that were handled from those that never were:
 * `unknown`. Rejects with `not_found` where history has no such event, or where there is no such subscription and none of its
 * deliveries is known; with `invalid_config` for a wrong option.
 */
export async function explainDelivery<Events>(bus: Bus<Events>, options: ExplainOptions): Promise<DeliveryExplanation> {
  const dependencies = dependenciesOf(bus);
  if (dependencies === undefined) {
    throw new BusError("invalid_config", `explainDelivery: the first argument ${mustBe("a bus", bus)}`);
  }
  const given = parseCallOptions("explainDelivery", schema(), options);
  const eventId = parseId("explainDelivery", "event", given.event);
  const subscription = parseId("explainDelivery", "subscription", given.subscription);
  return explainOn(dependencies.engine, { eventId, subscription, now: dependencies.clock.now() });
}

/** Which delivery is explained, and as of when. */
export interface Question {
  readonly eventId: string;
  readonly subscription: string;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** The same over the ports of an engine. */
export async function explainOn(engine: Engine, question: Question): Promise<DeliveryExplanation> {
  const { eventId, subscription } = question;
  const [recorded, state] = await Promise.all([engine.log.get(eventId), engine.subscriptions.get(subscription)]);
  // A dead letter has its own copy, which outlives that of history.
  const event = recorded ?? (await deadLettersOf(engine, question))[0]?.event;
  if (event === undefined) throw noEvent(question);
  const flow = event.metadata.correlationId;
  // What is under way first: a delivery that ends in between is then in one of the lists that are read after.
  const pending = ofDelivery((await engine.deliveries.pending?.(flow)) ?? [], question);
  const ended = await engine.deliveries.ended?.(flow);
  const deadLetters = await deadLettersOf(engine, question);
  const deliveries = {
    pending,
    deadLetters,
    ...(ended === undefined ? {} : { ended: ofDelivery(ended, question) }),
  };
  const hasDelivery = pending.length > 0 || deadLetters.length > 0 || (deliveries.ended ?? []).length > 0;
  if (state === undefined && !hasDelivery) {
    const all = await engine.subscriptions.list();
    throw noSubscriptionAmong(
      all.map(({ record }) => record.name),
      subscription,
    );
  }
  const pattern = state === undefined ? undefined : explainPattern(subscriptionPattern(state.record), event);
  const before = state !== undefined && (await acceptedBefore(engine, event, state));
  return {
    eventId,
    type: event.type,
    correlationId: flow,
    subscription,
    ...verdictOf({ event, state, pattern, acceptedBefore: before, now: question.now, ...deliveries }),
    mismatches: pattern?.mismatches ?? [],
    edits: pattern?.edits ?? [],
    ...deliveries,
  };
}

async function deadLettersOf({ deadLetters }: Engine, { eventId, subscription }: Question): Promise<DeadLetter[]> {
  const found: DeadLetter[] = [];
  for await (const one of eachDeadLetter(deadLetters, { eventId, subscription })) found.push(one);
  return found;
}

function ofDelivery<One extends { readonly eventId: string; readonly subscription: string }>(
  all: readonly One[],
  { eventId, subscription }: Question,
): One[] {
  return all.filter((one) => one.eventId === eventId && one.subscription === subscription);
}

/** Whether the event was accepted before a subscription that starts at a time. */
async function acceptedBefore({ log }: Engine, event: Event, { record }: SubscriptionState): Promise<boolean> {
  if (record.from === "now" || record.from === "beginning") return false;
  const since = await log.query({ ids: [event.id], since: record.from }, { limit: 1 });
  return since.events.length === 0;
}

function noEvent({ eventId, now }: Question): BusError {
  const made = idTime(eventId);
  const when = made === undefined || made > now ? "" : ` (its id is of ${formatTime(made)})`;
  return new BusError(
    "not_found",
    `event ${eventId}${when} is not in history: it was never recorded, its type has \`history: false\`, or its retention has ended`,
    { details: { eventId } },
  );
}
