import * as z from "zod";
import { BusError } from "../error/bus-error.ts";
import type { Event } from "../event/event.ts";
import { briefDeadLetter, briefEvent, briefFlow, mostData } from "./brief.ts";
import { type Tool, tool } from "./tool.ts";

/** Seconds that a call waits at most: many clients give up after a minute. */
export const longestWait = 50;

const id = z.string().min(1).max(128);
const text = z.string().min(1).max(256).exactOptional();
const time = z.string().min(1).max(64);
const types = z
  .array(z.string().min(1).max(128))
  .min(1)
  .max(50)
  .describe("Types of events; `*` stands for any characters.");
const limit = z.int().min(1).max(100).default(20);
const cursor = z.string().min(1).max(4_096).exactOptional().describe("The cursor of the page before.");

const query = tool({
  name: "query_events",
  description:
    "Lists recorded events, newest first, in few words each. Long data is cut: get_event shows it. Answers {events, cursor?}; no cursor is the end.",
  input: z.strictObject({
    types: types.exactOptional(),
    source: text,
    agentId: text,
    correlationId: text,
    since: time.exactOptional().describe("RFC 3339: accepted then or later."),
    until: time.exactOptional().describe("RFC 3339: accepted before."),
    tag: text,
    order: z.enum(["newest", "oldest"]).default("newest"),
    limit,
    cursor,
  }),
  run: async ({ bus, input: { types: type, ...filters } }) => {
    const page = await bus.history.query({ ...filters, ...(type === undefined ? {} : { type }) });
    return {
      events: page.events.map((event) => briefEvent(event)),
      ...(page.cursor === undefined ? {} : { cursor: page.cursor }),
    };
  },
});

const getEvent = tool({
  name: "get_event",
  description: `Shows one recorded event with its data, of which at most ${mostData} characters.`,
  input: z.strictObject({ id }),
  run: async ({ bus, input }) => ({ ...briefEvent(await recorded(bus.history, input.id), mostData) }),
});

const getFlow = tool({
  name: "get_flow",
  description:
    "Shows a flow: all events that share a correlation id, causes before effects, each with its depth; whether it is running, completed or failed.",
  input: z.strictObject({ id: id.describe("The correlation id, or the id of one of its events.") }),
  run: async ({ bus, input }) => briefFlow(await bus.history.flow(input.id)),
});

const wait = tool({
  name: "wait_for_event",
  description:
    "Waits for one event of a type, and answers {event}, or {timedOut: true}: then call it again with the same `after`, and nothing is missed.",
  input: z.strictObject({
    types,
    where: z
      .record(z.string(), z.unknown())
      .exactOptional()
      .describe('An EventBridge pattern over the event, such as {"data": {"taskId": ["t1"]}}.'),
    after: id.exactOptional().describe("The id of an event: also finds what was accepted after it already."),
    since: time.exactOptional().describe("RFC 3339: also finds what was accepted since. Not beside `after`."),
    timeoutSeconds: z.int().min(1).max(longestWait).default(25),
  }),
  run: async ({ bus, input, signal }) => {
    const { after, since: from, timeoutSeconds } = input;
    if (after !== undefined && from !== undefined) {
      throw new BusError("invalid_config", "wait_for_event has after and since; give one of them");
    }
    const since = after === undefined ? from : await recorded(bus.history, after);
    const matcher = { on: input.types, ...(input.where === undefined ? {} : { where: input.where }) };
    try {
      const options = { timeout: timeoutSeconds * 1_000, signal, ...(since === undefined ? {} : { since }) };
      return { event: briefEvent(await bus.waitFor(matcher, options), mostData) };
    } catch (thrown) {
      if (thrown instanceof BusError && thrown.code === "timeout") return { timedOut: true };
      throw thrown;
    }
  },
});

const deadLetters = tool({
  name: "list_dead_letters",
  description:
    "Lists deliveries that failed for good, newest first, each with the reason. Answers {deadLetters, cursor?}.",
  input: z.strictObject({ subscription: text, type: text, correlationId: text, limit, cursor }),
  run: async ({ bus, input }) => {
    const page = await bus.deadLetters.list(input);
    return {
      deadLetters: page.deadLetters.map(briefDeadLetter),
      ...(page.cursor === undefined ? {} : { cursor: page.cursor }),
    };
  },
});

const publish = tool({
  name: "publish_event",
  description:
    "Publishes one event. Give it an `id` of your own where you may call this again: then it is published once. A refusal names the field that is wrong.",
  write: "publish",
  input: z.strictObject({
    type: z.string().min(1).max(128),
    data: z.record(z.string(), z.unknown()).describe("What the definition of the type asks for."),
    id: id.exactOptional(),
    correlationId: id.exactOptional().describe("The flow; default: it starts one."),
    causationId: id.exactOptional().describe("The id of the event that caused it."),
    agentId: text,
  }),
  run: async ({ bus, input: { type, data, id: own, ...metadata } }) => {
    const draft = { type, data, metadata, ...(own === undefined ? {} : { id: own }) };
    return { ...briefEvent(await bus.publish(draft)) };
  },
});

const redrive = tool({
  name: "redrive_dead_letters",
  description:
    "Delivers dead letters again, to the subscription that failed and no other, with new attempts. Answers how many, and which could not be.",
  write: "redrive",
  input: z.strictObject({ ids: z.array(z.string().min(1).max(512)).min(1).max(100) }),
  run: async ({ bus, input }) => ({ ...(await bus.deadLetters.redrive(input.ids)) }),
});

/** All tools, those that only read first. */
export const tools: readonly Tool[] = [query, getEvent, getFlow, wait, deadLetters, publish, redrive];

async function recorded(history: { get(id: string): Promise<Event | undefined> }, eventId: string): Promise<Event> {
  const event = await history.get(eventId);
  if (event !== undefined) return event;
  throw new BusError(
    "not_found",
    `event ${eventId} is not in history: it was never recorded, or its retention has ended`,
  );
}
