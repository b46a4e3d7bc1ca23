import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Event } from "../../../event/event.ts";

/** Events in a block. Which blocks hold a value is known; the events of these blocks are read one by one. */
export const blockSize = 256;

export function blockOf(seq: number): number {
  return Math.floor(seq / blockSize);
}

/** What can be looked up by block. The numbers are stored. */
export const fields = {
  type: 1,
  source: 2,
  causationId: 3,
  tag: 4,
  agentId: 5,
  userId: 6,
  streamId: 7,
  nodeId: 8,
  executionId: 9,
  circleId: 10,
  projectId: 11,
} as const;
export type Field = keyof typeof fields;

/** Calls `use` with every value of an event that can be looked up. */
export function eachPosting(event: Event, use: (field: Field, value: string) => void): void {
  const { metadata } = event;
  use("type", event.type);
  use("source", event.source);
  if (metadata.causationId !== undefined) use("causationId", metadata.causationId);
  // One by one: to read a property by a name that varies takes several times as long, and this runs for every event.
  if (metadata.agentId !== undefined) use("agentId", metadata.agentId);
  if (metadata.userId !== undefined) use("userId", metadata.userId);
  if (metadata.streamId !== undefined) use("streamId", metadata.streamId);
  if (metadata.nodeId !== undefined) use("nodeId", metadata.nodeId);
  if (metadata.executionId !== undefined) use("executionId", metadata.executionId);
  if (metadata.circleId !== undefined) use("circleId", metadata.circleId);
  if (metadata.projectId !== undefined) use("projectId", metadata.projectId);
  for (const tag of metadata.tags ?? []) use("tag", tag);
}

/** Writes, for each block, which values it holds: once a block, whatever the number of events. */
export class Postings {
  readonly #insert: StatementSync;
  /** What this process knows to be written for the last block. */
  #block = -1;
  #written = new Map<Field, Set<string>>();
  readonly #post: (field: Field, value: string) => void;

  constructor(db: DatabaseSync) {
    this.#insert = db.prepare("INSERT OR IGNORE INTO postings (field, value, block) VALUES (?, ?, ?)");
    this.#post = (field, value) => {
      let values = this.#written.get(field);
      if (values === undefined) {
        values = new Set();
        this.#written.set(field, values);
      }
      if (values.has(value)) return;
      values.add(value);
      this.#insert.run(fields[field], value, this.#block);
    };
  }

  add(seq: number, event: Event): void {
    const block = blockOf(seq);
    if (block !== this.#block) {
      this.forget();
      this.#block = block;
    }
    eachPosting(event, this.#post);
  }

  /** After a rollback, or when rows may have been deleted. */
  forget(): void {
    this.#block = -1;
    this.#written = new Map();
  }
}
