import * as z from "zod";
import { BusError } from "../../error/bus-error.ts";
import { briefEvent, briefFlow, mostData } from "../brief.ts";
import { type Tool, tool } from "../tool.ts";
import { cursor, id, limit, longestWait, recorded, text, time, types, where } from "./fields.ts";

const query = tool({
  name: "query_events",
  description:
    "Lists recorded events, newest first, in few words each. Long data is cut: get_event shows it. Answers {events, cursor?}; no cursor is the end.",
  role: "subscribe",
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
  run: async ({ bus, access, input: { types: type, ...filters } }) => {
    access.checkRead(type);
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
  role: "subscribe",
  input: z.strictObject({ id }),
  run: async (call) => ({ ...briefEvent(await recorded(call, call.input.id), mostData) }),
});

const getFlow = tool({
  name: "get_flow",
  description:
    "Shows a flow: all events that share a correlation id, causes before effects, each with its depth; whether it is running, completed or failed.",
  role: "subscribe",
  input: z.strictObject({ id: id.describe("The correlation id, or the id of one of its events.") }),
  run: async ({ bus, access, input }) => {
    access.checkAllTypes();
    return briefFlow(await bus.history.flow(input.id));
  },
});

const wait = tool({
  name: "wait_for_event",
  description:
    "Waits for one event of a type, and answers {event}, or {timedOut: true}: then call it again with the same `after`, and nothing is missed.",
  role: "subscribe",
  input: z.strictObject({
    types,
    where,
    after: id.exactOptional().describe("The id of an event: also finds what was accepted after it already."),
    since: time.exactOptional().describe("RFC 3339: also finds what was accepted since. Not beside `after`."),
    timeoutSeconds: z.int().min(1).max(longestWait).default(25),
  }),
  run: async (call) => {
    const { bus, access, input, signal } = call;
    access.checkTypes(input.types);
    const { after, since: from, timeoutSeconds } = input;
    if (after !== undefined && from !== undefined) {
      throw new BusError("invalid_config", "wait_for_event has after and since; give one of them");
    }
    const since = after === undefined ? from : await recorded(call, after);
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

/** Tools that look up what happened, and wait for it. */
export const historyTools: readonly Tool[] = [query, getEvent, getFlow, wait];
