import { deadLetterOfUnpublished } from "../../../delivery/dead-letter.ts";
import { idConflict } from "../../../engine/errors.ts";
import type { Appended, Entry } from "../../../engine/event-log.ts";
import { BusError } from "../../../error/bus-error.ts";
import type { Event } from "../../../event/event.ts";
import { formatTime } from "../../../event/time.ts";
import { tellOutcome } from "../publishing/outcomes.ts";
import { type FetchedRecord, openRecord, placeOf } from "../records/open-record.ts";
import type { EngineSettings } from "../settings.ts";
import type { Store } from "../store.ts";
import type { Stretch } from "./reader.ts";

export interface RecorderDependencies extends Pick<EngineSettings, "catalog" | "clock"> {
  readonly store: Store;
  /** The store has a partition up to a position. */
  recorded(stretch: Pick<Stretch, "feed" | "topic" | "partition">, next: number): void;
}

interface Taken {
  readonly entry: Entry;
  readonly record: FetchedRecord;
  readonly token: string | undefined;
}

/** At most so many events in a transaction of the store. */
const atOnce = 256;

/** Writes what was read of the topics to the store: events with their deliveries, and what is none as a dead letter. */
export class Recorder {
  readonly #dependencies: RecorderDependencies;

  constructor(dependencies: RecorderDependencies) {
    this.#dependencies = dependencies;
  }

  /** False where the store does not stand where the stretch begins: somebody else has written it. */
  async take(stretch: Stretch): Promise<boolean> {
    const { records } = stretch;
    let { from } = stretch;
    for (let start = 0; start === 0 || start < records.length; start += atOnce) {
      const part = records.slice(start, start + atOnce);
      const after = records[start + atOnce];
      const to = after === undefined ? stretch.next : after.offset;
      if (!(await this.#step(stretch, part, from, to))) return false;
      from = to;
    }
    return true;
  }

  async #step(
    stretch: Stretch,
    records: readonly FetchedRecord[],
    from: number | undefined,
    to: number,
  ): Promise<boolean> {
    const { recorded, store } = this.#dependencies;
    const taken: Taken[] = [];
    for (const record of records) {
      const opened = openRecord(record, this.#dependencies.catalog);
      if (opened.ok) {
        const { history, ownId, token } = opened.mark;
        const { event } = opened;
        const acceptedAt = record.timestamp;
        taken.push({ entry: { event, ownId, history, inHandler: false, acceptedAt }, record, token });
      } else await this.#deadLetter(record, opened.event, opened.error);
    }
    const results = await store.takeOver({ feed: stretch.feed, from, to, entries: taken.map(({ entry }) => entry) });
    if (results === undefined) return false;
    // Only the step itself finds a conflict: who is killed before its dead letter is kept leaves it to the topic alone.
    for (const [index, { entry, record, token }] of taken.entries()) {
      const result = results[index] ?? { event: entry.event, duplicate: false };
      if (token !== undefined && tellOutcome(token, result)) continue;
      if (result instanceof BusError) await this.#deadLetter(record, entry.event, result);
    }
    recorded(stretch, to);
    return true;
  }

  /** By its place in the topic it is the same whoever writes it, and however often. */
  async #deadLetter(record: FetchedRecord, event: Event, error: BusError): Promise<void> {
    const { clock, store } = this.#dependencies;
    const now = clock.now();
    const reason = { code: error.code, message: error.message, at: formatTime(now), attempt: 0 };
    const stamp = { id: placeOf(record), acceptedAt: record.timestamp, deadAt: now };
    await store.engine.deadLetters.put(deadLetterOfUnpublished(event, reason, stamp));
  }
}

/** What became of an entry that another process has recorded, as far as the store tells. */
export function outcomeByStore(event: Event, stored: Event | undefined, same: boolean): Appended | BusError {
  if (stored === undefined) return { event, duplicate: false };
  return same ? { event: stored, duplicate: stored.time !== event.time } : idConflict(event);
}
