import { createHash } from "node:crypto";
import { type Event, eventIdNames } from "../../../event/event.ts";

/** The longest text that an index gets; a longer one is stored under its digest, and the filter decides what is found. */
const longest = 400;

/** A text as the indexed columns have it: PostgreSQL holds no NUL in a text, and its indexes hold nothing long. */
export function indexed(value: string): string {
  if (value.length > longest) return `#${createHash("sha256").update(value).digest("base64")}`;
  return value.includes("\u0000") ? value.replaceAll("\u0000", "\ufffd") : value;
}

/** The term of a tag, or of a metadata id that has no column of its own. */
export function term(name: string, value: string): string {
  return indexed(`${name}:${value}`);
}

/** What is stored of an event besides its text, so that it is found. */
export interface EventColumns {
  readonly id: string;
  readonly type: string;
  readonly source: string;
  readonly flow: string;
  readonly agent: string | undefined;
  readonly happened: number;
  readonly terms: readonly string[] | undefined;
  readonly priority: number;
}

export function eventColumns({ id, type, source, time, metadata }: Event): EventColumns {
  const terms = (metadata.tags ?? []).map((tag) => term("tag", tag));
  if (metadata.causationId !== undefined) terms.push(term("causationId", metadata.causationId));
  for (const name of eventIdNames) {
    const value = metadata[name];
    if (value !== undefined && name !== "agentId") terms.push(term(name, value));
  }
  return {
    id,
    type,
    source: indexed(source),
    flow: indexed(metadata.correlationId),
    agent: metadata.agentId === undefined ? undefined : indexed(metadata.agentId),
    happened: Date.parse(time),
    terms: terms.length === 0 ? undefined : terms,
    priority: metadata.priority,
  };
}
