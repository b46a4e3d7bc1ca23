import type { Event } from "../event/event.ts";
import { isRecord } from "../runtime/is-record.ts";

/** What a detector is told of an event. */
export type WatchedEvent = Pick<Event, "id" | "type" | "source" | "data" | "metadata"> & {
  /** Milliseconds since 1970: its `time`. */
  readonly atMs: number;
};

const begins = /\.(started|created|assigned|requested|spawned)$/;
const ends = /\.(completed|failed|cancelled|stopped|granted|denied|expired|achieved|blocked)$/;

/** Whether a type says that work has begun. */
export function isBegin(type: string): boolean {
  return begins.test(type);
}

/** Whether a type says that work has ended. */
export function isEnd(type: string): boolean {
  return ends.test(type);
}

/**
 * Names the work that an event is about, so that the end of a part does not count as the end of the flow: what its type begins
 * with, and the id that `data` gives it: `task` and `data.taskId`.
 */
export function workOf({ type, data }: Pick<Event, "type" | "data">): string {
  const subject = type.slice(0, type.lastIndexOf("."));
  const word = subject.slice(subject.lastIndexOf(".") + 1);
  const id = isRecord(data) ? data[`${word}Id`] : undefined;
  return typeof id === "string" ? `${subject} ${id}` : subject;
}

/** The agent of an event, or the source that published it. */
export function agentOf({ metadata, data, source }: WatchedEvent): string {
  const named = isRecord(data) ? data.agentId : undefined;
  return metadata.agentId ?? (typeof named === "string" ? named : source);
}
