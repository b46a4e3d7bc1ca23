import { setTimeout as delay } from "node:timers/promises";
import type { SQSClient } from "@aws-sdk/client-sqs";
import { resourceNames } from "../../../lib/aws-shared/index.ts";
import type { Bus } from "../../../lib/bus/bus.ts";
import type { CaseActivity } from "../../../lib/engine/contract/adapter.ts";
import type { SubscriptionName } from "../../../lib/engine/contract/subscriptions.ts";
import { eventually } from "../../support/eventually.ts";
import { depth, subscriptionQueue } from "./queues.ts";

interface Place {
  readonly bus: string;
  readonly sqs: SQSClient;
  /** A bus that no case closes. */
  readonly observer: Bus;
}

/** An event is on no queue for a moment between two of them: so often in turn nothing may be seen. */
const looks = 3;
const pauseMs = 150;

/**
 * Resolves when nothing of a case is under way, as far as can be seen from outside: all it published is recorded, the
 * queues of what it consumes and of the recorders stay empty, and its unnamed subscriptions have read history to the end.
 * Rejects once nothing of it has moved for `withinMs`: emulators differ too much in speed for a limit on the whole.
 */
export async function quiet({ recorded, consumed, buses, withinMs }: CaseActivity, place: Place): Promise<void> {
  for (const id of recorded) {
    await eventually(`${id} is recorded`, () => place.observer.history.get(id), withinMs, pauseMs);
  }
  const unnamed = await unnamedOf(buses);
  await feedsCaughtUp(unnamed, place.observer, withinMs);
  let movedAt = performance.now();
  let before = "";
  for (let quietLooks = 0; quietLooks < looks; ) {
    const busy = (await underWay(consumed, unnamed, place)).join(", ");
    quietLooks = busy === "" ? quietLooks + 1 : 0;
    if (busy !== before) movedAt = performance.now();
    else if (busy !== "" && performance.now() - movedAt > withinMs) {
      throw new Error(`nothing has moved for ${withinMs} ms, and still under way are ${busy}`);
    }
    before = busy;
    await delay(pauseMs);
  }
}

interface Unnamed {
  readonly bus: Bus;
  readonly name: string;
}

/** What is not at rest, and how much of it. */
async function underWay(
  consumed: readonly SubscriptionName[],
  unnamed: readonly Unnamed[],
  { bus, sqs }: Place,
): Promise<string[]> {
  const queues = [
    ...consumed.map((name) => subscriptionQueue(bus, name)),
    resourceNames.historyQueue(bus),
    resourceNames.publisherDeadLetterQueue(bus),
  ];
  const busy = await Promise.all([
    ...queues.map(async (name) => ({ name, count: await depth(sqs, name) })),
    ...unnamed.map(async (one) => ({ name: one.name, count: await backlog(one) })),
  ]);
  return busy.filter(({ count }) => count > 0).map(({ name, count }) => `${count} of ${name}`);
}

/** The unnamed subscriptions of buses: asked for by name from then on, as a list asks for all that is deployed. */
async function unnamedOf(buses: readonly Bus[]): Promise<Unnamed[]> {
  const lists = await Promise.all(
    buses.map(async (bus) => {
      // Those that were closed have none any more.
      const states = await bus.subscriptions.list().catch(() => []);
      return states.filter(({ ephemeral }) => ephemeral).map(({ record }) => ({ bus, name: record.name }));
    }),
  );
  return lists.flat();
}

async function backlog({ bus, name }: Unnamed): Promise<number> {
  const state = await bus.subscriptions.get(name).catch(() => undefined);
  return state === undefined ? 0 : state.waiting + state.delayed + state.running;
}

/** They read what is recorded, in turn: one that has seen a later event has seen those before. */
async function feedsCaughtUp(unnamed: readonly Unnamed[], observer: Bus, withinMs: number): Promise<void> {
  const buses = [...new Set(unnamed.map(({ bus }) => bus))];
  if (buses.length === 0) return;
  const since = new Date();
  const seen = buses.map((bus) => bus.waitFor("custom.contract.quiet", { since, timeout: withinMs }));
  await Promise.all([...seen, observer.publish({ type: "custom.contract.quiet", data: {} })]);
  await delay(pauseMs);
}
