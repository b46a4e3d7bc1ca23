import { createHash } from "node:crypto";
import { eachDeadLetter } from "../dead-letters/each-dead-letter.ts";
import { contentDigest } from "../engine/content-digest.ts";
import type { DeadLetterStore } from "../engine/dead-letter-store.ts";
import type { DeadLetter, Failure } from "../engine/delivery.ts";
import type {
  EngineErasure,
  ErasureCounts,
  ErasureRequest,
  ErasureSelection,
  ErasureStore,
} from "../engine/erasure.ts";
import type { EventLog } from "../engine/event-log.ts";
import type { EngineTransfer } from "../engine/transfer.ts";
import type { Event } from "../event/event.ts";
import { isErased, tombstoneOf } from "../event/tombstone.ts";
import { queryAll } from "./query-all.ts";

/** Erased in one step of the store. */
const batch = 500;

/** The ports that an erasure goes over. */
export interface StoredErasureDependencies {
  /** Where events are found. */
  readonly log: Pick<EventLog, "get" | "query">;
  /** Where dead letters are found. */
  readonly deadLetters: Pick<DeadLetterStore, "get" | "list">;
  /** Where events outside of history are found. */
  readonly transfer: Pick<EngineTransfer, "openDeliveries">;
  /** What changes them. */
  readonly store: ErasureStore;
}

/** Erases in a store that can put an event in the place of another. */
export class StoredErasure implements EngineErasure {
  readonly #dependencies: StoredErasureDependencies;

  constructor(dependencies: StoredErasureDependencies) {
    this.#dependencies = dependencies;
  }

  /** As {@link EngineErasure.erase}. */
  async erase(selection: ErasureSelection, { at, dryRun }: ErasureRequest): Promise<ErasureCounts> {
    const { deadLetters, log, store } = this.#dependencies;
    const [before, after] = [createHash("sha256"), createHash("sha256")];
    let events = 0;
    for await (const some of inBatches(this.#events(selection))) {
      for (const event of some) before.update(line(event));
      events += some.length;
      if (dryRun) continue;
      const ids = some.map(({ id }) => id);
      await store.replaceEvents(ids, (event) => tombstoneOf(event, at));
      for (const id of ids) {
        const left = await log.get(id);
        if (left !== undefined) after.update(line(left));
      }
    }
    let dead = 0;
    // Last, since a delivery of one of the events may have become one meanwhile.
    for await (const some of inBatches(this.#deadLetters(selection))) {
      for (const { event } of some) before.update(line(event));
      dead += some.length;
      if (dryRun) continue;
      const ids = some.map(({ id }) => id);
      await store.replaceDeadLetters(ids, (deadLetter) => erasedDeadLetter(deadLetter, at));
      for (const id of ids) {
        const left = await deadLetters.get(id);
        if (left !== undefined) after.update(line(left.event));
      }
    }
    const counts = { events, deadLetters: dead, digestBefore: before.digest("hex") };
    if (dryRun) return counts;
    await store.erased?.();
    return { ...counts, digestAfter: after.digest("hex") };
  }

  /** Those of history, then those that wait outside of it. */
  async *#events(selection: ErasureSelection): AsyncGenerator<Event> {
    for await (const { event } of queryAll(this.#dependencies.log, selection)) if (!isErased(event)) yield event;
    const seen = new Set<string>();
    let cursor: string | undefined;
    do {
      const page = await this.#dependencies.transfer.openDeliveries(1_000, cursor);
      for (const { event, history } of page.deliveries) {
        if (history || isErased(event) || seen.has(event.id) || !isSelected(event, selection)) continue;
        seen.add(event.id);
        yield event;
      }
      cursor = page.cursor;
    } while (cursor !== undefined);
  }

  async *#deadLetters(selection: ErasureSelection): AsyncGenerator<DeadLetter> {
    const { correlationId } = selection;
    const query = correlationId === undefined ? {} : { correlationId };
    for await (const one of eachDeadLetter(this.#dependencies.deadLetters, query)) {
      if (!isErased(one.event) && isSelected(one.event, selection)) yield one;
    }
  }
}

function isSelected({ id, metadata }: Event, { correlationId, ids, userId }: ErasureSelection): boolean {
  if (userId !== undefined) return metadata.userId === userId;
  return correlationId === undefined ? ids?.includes(id) === true : metadata.correlationId === correlationId;
}

function line(event: Event): string {
  return `${event.id} ${contentDigest(event)}\n`;
}

/** What handlers said of the event may quote it. */
function erasedDeadLetter(deadLetter: DeadLetter, at: string): DeadLetter {
  const { event, failures, reason } = deadLetter;
  return { ...deadLetter, event: tombstoneOf(event, at), reason: silent(reason), failures: failures.map(silent) };
}

function silent({ at, attempt, code }: Failure): Failure {
  return { code, message: "erased with the data of its event", at, attempt };
}

async function* inBatches<One>(all: AsyncIterable<One>): AsyncGenerator<One[]> {
  let some: One[] = [];
  for await (const one of all) {
    some.push(one);
    if (some.length < batch) continue;
    yield some;
    some = [];
  }
  if (some.length > 0) yield some;
}
