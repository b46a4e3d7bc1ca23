import { type Event, eventIdNames } from "../../../event/event.ts";
import { idTime } from "../../../event/id.ts";

/** What events can be looked up by, and how each is called in a row's key. The names are stored. */
export const fields = {
  type: "t",
  source: "s",
  correlationId: "f",
  causationId: "c",
  tag: "g",
  agentId: "a",
  userId: "u",
  streamId: "r",
  nodeId: "n",
  executionId: "e",
  circleId: "i",
  projectId: "p",
  offTime: "o",
} as const;
export type Field = keyof typeof fields;

/** The one value of `offTime`. */
export const offTimeValue = "1";
/** Milliseconds between `time` and acceptance up to which an event is found near its `time`. */
export const nearMs = 600_000;
/** An effect that the bus took so soon after its cause's id was made is found by that time. */
export const effectWithin = { beforeMs: 10_000, afterMs: 60_000 } as const;

/**
 * Rows that name their events one by one, for each value, time slice and process; where more would be, one row says that
 * the value is in the slice. A flow is read whole and often, and has few events a slice; what is rare is found by the
 * first row; what is frequent is found by reading the slice.
 */
export function exactRows(field: Field): number {
  return field === "correlationId" || field === "offTime" ? 50 : 1;
}

/**
 * Calls `use` with every value of an event that needs a row to be found by. None is needed for what an id tells: the first
 * event of a flow, and an effect that came soon after its cause, which nearly all do.
 */
export function eachValue(event: Event, acceptedAt: number, use: (field: Field, value: string) => void): void {
  const { metadata } = event;
  use("type", event.type);
  use("source", event.source);
  if (metadata.correlationId !== event.id) use("correlationId", metadata.correlationId);
  const { causationId } = metadata;
  if (causationId !== undefined) {
    const near = effectsOf(causationId);
    if (near === undefined || acceptedAt < near.from || acceptedAt >= near.to) use("causationId", causationId);
  }
  for (const name of eventIdNames) {
    const value = metadata[name];
    if (value !== undefined) use(name, value);
  }
  for (const tag of new Set(metadata.tags)) use("tag", tag);
  if (Math.abs(Date.parse(event.time) - acceptedAt) > nearMs) use("offTime", offTimeValue);
}

/** Milliseconds since 1970 between which the effects of an event are found by its id alone. */
export function effectsOf(id: string): { from: number; to: number } | undefined {
  const made = idTime(id);
  return made === undefined ? undefined : { from: made - effectWithin.beforeMs, to: made + effectWithin.afterMs };
}
