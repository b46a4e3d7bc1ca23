import { randomUUID } from "node:crypto";
import { EventBridgeClient, PutEventsCommand } from "@aws-sdk/client-eventbridge";
import { expect } from "vitest";
import type { Bus } from "../../../lib/bus/bus.ts";
import type { DeadLetter } from "../../../lib/engine/delivery.ts";
import { eventually } from "../../support/eventually.ts";
import { busName, patience } from "./settings.ts";

const pauseMs = 200;

/** The ways through the deployed stacks that must work wherever they are deployed, whoever calls them. */

/** An event goes through a rule, a queue and a function, which publishes another; history and the flow have both. */
export async function publishAndHandle(bus: Bus): Promise<void> {
  const correlationId = randomUUID();
  const asked = await bus.publish({ type: "custom.e2e.asked", data: { n: 1 }, metadata: { correlationId } });
  const where = { metadata: { correlationId: [correlationId] } };
  const answered = await bus.waitFor({ on: "custom.e2e.answered", where }, { since: new Date(0), timeout: patience });
  expect(answered).toMatchObject({
    source: "responder",
    data: { asked: { n: 1 } },
    metadata: { correlationId, causationId: asked.id },
  });
  const flow = await eventually(
    "both are recorded",
    async () => {
      const found = await bus.history.flow(correlationId);
      return found.size === 2 && found;
    },
    patience,
    pauseMs,
  );
  expect(flow.roots).toMatchObject([{ event: { id: asked.id }, children: [{ event: { id: answered.id } }] }]);
}

/** A delivery that fails becomes a dead letter, which redriven is run once more, and succeeds. */
export async function failAndRedrive(bus: Bus): Promise<void> {
  const correlationId = randomUUID();
  const event = await bus.publish({ type: "custom.e2e.broken", data: {}, metadata: { correlationId } });
  const letter = await deadLetterOf(bus, { correlationId });
  expect(letter).toMatchObject({
    subscription: "fragile",
    event,
    attempts: 2,
    reason: { code: "handler_error", message: "the document is broken" },
  });
  expect(await bus.deadLetters.redrive(letter.id)).toEqual({ done: [letter.id], failed: [] });
  const where = { metadata: { correlationId: [correlationId] } };
  const fixed = await bus.waitFor({ on: "custom.e2e.fixed", where }, { since: new Date(0), timeout: patience });
  expect(fixed.data).toEqual({ id: event.id });
  expect((await bus.deadLetters.list({ correlationId })).deadLetters).toEqual([]);
}

/** What another program puts in the design's shape is an event like any other. */
export async function foreignEvent(bus: Bus, put: (entry: ForeignEntry) => Promise<unknown>): Promise<void> {
  const question = randomUUID();
  await put({
    EventBusName: busName,
    Source: "another-program",
    DetailType: "custom.e2e.asked",
    Detail: JSON.stringify({ data: { question } }),
  });
  const where = { data: { asked: { question: [question] } } };
  const answered = await bus.waitFor({ on: "custom.e2e.answered", where }, { since: new Date(0), timeout: patience });
  const asked = await eventually(
    "it is recorded",
    () => bus.history.get(answered.metadata.causationId ?? ""),
    patience,
    pauseMs,
  );
  // What it lacked is filled in.
  expect(asked).toMatchObject({
    type: "custom.e2e.asked",
    source: "another-program",
    data: { question },
    metadata: { correlationId: asked.id, version: 1, priority: 5 },
  });
}

export interface ForeignEntry {
  readonly EventBusName: string;
  readonly Source: string;
  readonly DetailType: string;
  readonly Detail: string;
}

/** By a plain SDK client. */
export async function putBySdk(entry: ForeignEntry): Promise<void> {
  const events = new EventBridgeClient();
  const { Entries } = await events.send(new PutEventsCommand({ Entries: [entry] }));
  expect(Entries).toMatchObject([{ EventId: expect.any(String) }]);
  events.destroy();
}

/** Waits for the only dead letter that matches. */
export async function deadLetterOf(bus: Bus, query: { correlationId?: string; eventId?: string }): Promise<DeadLetter> {
  return eventually(
    `a dead letter of ${JSON.stringify(query)}`,
    async () => {
      const { deadLetters } = await bus.deadLetters.list(query);
      return deadLetters.length === 1 && deadLetters[0];
    },
    patience,
    pauseMs,
  );
}
