import { idConflict } from "../../../engine/errors.ts";
import { sameContent } from "../../../engine/same-content.ts";
import { type BusError, toBusError } from "../../../error/bus-error.ts";
import type { AwsDependencies, ToRecord } from "../dependencies.ts";
import { CountWriter } from "./counts.ts";
import { type EventRows, pointedTo } from "./event-rows.ts";
import { acceptanceKey, eventKey, keyInId, pointerKey, ttlOf } from "./keys.ts";
import { LogRows } from "./log.ts";
import { LogWriter } from "./log-writer.ts";
import { type KeyedEvent, PostingPlan } from "./posting-plan.ts";
import type { Item } from "./row.ts";
import type { Table } from "./table.ts";

/** An event of a batch, and where. */
interface Work extends KeyedEvent {
  readonly index: number;
}

/**
 * Writes batches of events. In this order, so that a batch that breaks off anywhere and comes again ends the same:
 *
 * 1. where needed, the row that leads from the id to the event (the first one wins);
 * 2. at once: the rows by which events are found, and the events (the first one wins; other content is a conflict);
 * 3. the counts; 4. the row of the log, which those who wait for events read. An event that was there already is counted
 * and logged where the row of the log that it names does not list it: then the first try broke off, or is overtaken.
 */
export class Recorder {
  readonly #dependencies: AwsDependencies;
  readonly #table: Table;
  readonly #rows: EventRows;
  readonly #plan: PostingPlan;
  readonly #logRows: LogRows;
  readonly #log: LogWriter;

  constructor(dependencies: AwsDependencies, table: Table, rows: EventRows) {
    this.#dependencies = dependencies;
    this.#table = table;
    this.#rows = rows;
    this.#plan = new PostingPlan({ retentionMs: dependencies.config.retentionMs, now: () => dependencies.clock.now() });
    this.#logRows = new LogRows(dependencies, table);
    this.#log = new LogWriter(new CountWriter(dependencies, table), this.#logRows);
  }

  async record(events: readonly ToRecord[]): Promise<{ failed: { index: number; error: BusError }[] }> {
    const errors = new Map<number, BusError>();
    const fail = (index: number, thrown: unknown) => errors.set(index, toBusError(thrown));
    const { first, again } = this.#oncePerId(events, fail);

    const work: Work[] = [];
    await Promise.all(
      first.map(async (index) => {
        const one = events[index];
        try {
          if (one !== undefined) work.push({ event: one.event, key: await this.#keyFor(one), index });
        } catch (thrown) {
          fail(index, thrown);
        }
      }),
    );
    const batch = this.#logRows.batch();
    const fresh = new Map<number, Work>();
    const found = new Map<number, Work & { item: Item }>();
    const putEvents = work.map(async (one) => {
      try {
        const item = await this.#putEvent(one, batch.nameFor(one.index));
        if (item === undefined) fresh.set(one.index, one);
        else found.set(one.index, { ...one, item });
      } catch (thrown) {
        fail(one.index, thrown);
      }
    });
    try {
      const put = await Promise.allSettled([this.#putPostings(work), ...putEvents]);
      for (const settled of put) if (settled.status === "rejected") throw settled.reason;
      for (const [index, thrown] of await this.#log.write(batch, fresh, found)) fail(index, thrown);
    } catch (thrown) {
      for (const { index } of work) if (!errors.has(index)) fail(index, thrown);
    }
    for (const [index, same] of again) {
      const error = errors.get(same);
      if (error !== undefined) errors.set(index, error);
    }
    const failed = [...errors].sort(([one], [other]) => one - other);
    return { failed: failed.map(([index, error]) => ({ index, error })) };
  }

  /** A batch may have an event twice: then the second goes as the first does. */
  #oncePerId(
    events: readonly ToRecord[],
    fail: (index: number, thrown: unknown) => void,
  ): { first: number[]; again: Map<number, number> } {
    const seen = new Map<string, number>();
    const again = new Map<number, number>();
    for (const [index, { event }] of events.entries()) {
      const earlier = seen.get(event.id);
      const other = earlier === undefined ? undefined : events[earlier]?.event;
      if (earlier === undefined || other === undefined) seen.set(event.id, index);
      else if (sameContent(other, event)) again.set(index, earlier);
      else fail(index, idConflict(event));
    }
    return { first: [...seen.values()], again };
  }

  /** An id that tells when the bus took the event says where it lies. Any other is led there by a row of its own. */
  async #keyFor({ event, acceptedAt }: ToRecord): Promise<string> {
    const key = acceptanceKey(acceptedAt, event.id);
    const inId = keyInId(event.id);
    if (inId === key) return key;
    // One of our own ids that comes so late may be the second time: the first needed no row to lead to it.
    if (inId !== undefined && (await this.#table.get(eventKey(inId), { consistent: true })) !== undefined) return inId;
    const earlier = await this.#table.putNew({
      ...pointerKey(event.id),
      ttl: ttlOf(acceptedAt, this.#dependencies.config.retentionMs),
      fields: { key: { S: key } },
    });
    return earlier === undefined ? key : pointedTo(earlier);
  }

  async #putPostings(work: readonly Work[]): Promise<void> {
    const { rows, written } = this.#plan.rows(work);
    await this.#table.putAll(rows);
    written();
  }

  /** Gives the event's row where it is there already. `conflict`. */
  async #putEvent(work: Work, log: string): Promise<Item | undefined> {
    const earlier = await this.#table.putNew(await this.#rows.row(work, log));
    if (earlier === undefined) return undefined;
    const { event } = await this.#rows.read(earlier);
    if (!sameContent(event, work.event)) throw idConflict(work.event);
    return earlier;
  }
}
