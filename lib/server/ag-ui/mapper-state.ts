import * as z from "zod";

/** Ids of events and of what they name. */
const id = z.string().max(1_024);

/** A text or a reasoning under way, and whose it is. A reasoning is a span with a message in it. */
const openMessage = z.strictObject({
  kind: z.enum(["text", "span", "reasoning"]),
  id,
  streamId: id.exactOptional(),
  agentId: id.exactOptional(),
});

/** See {@link openMessage}. */
export type OpenMessage = z.output<typeof openMessage>;

/** A run under way: with its execution it ends. `needsState`: the client has yet to be told what was shared before it. */
const run = z.strictObject({ runId: id, executionId: id.nullable(), needsState: z.boolean() });

/** See {@link run}. */
export type Run = z.output<typeof run>;

/** Where a flow is between two runs. An ended one goes on with another execution only; an interrupted one with anything. */
const pause = z.strictObject({
  kind: z.enum(["before", "ended", "interrupted"]),
  runId: id.nullable(),
  executionId: id.nullable(),
});

/** See {@link pause}. */
export type Pause = z.output<typeof pause>;

/** What a mapper knows of a flow, but for its shared state. */
export const mapperStateSchema = z.strictObject({
  messages: z.array(openMessage),
  run: run.nullable(),
  pause,
  loops: z.array(z.tuple([id, id.nullable()])),
  calls: z.array(z.tuple([id, id])),
});

/** See {@link mapperStateSchema}. */
export type MapperState = z.output<typeof mapperStateSchema>;
