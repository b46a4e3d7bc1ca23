import * as z from "zod";
import { bodyPrefixes } from "../../../aws-shared/index.ts";
import type { StatsQuery, StatsRow } from "../../../engine/queries.ts";
import { TypeCounts } from "../../../history/type-counts.ts";
import { queryTime } from "../../../runtime/query-time.ts";
import type { AwsDependencies } from "../dependencies.ts";
import { Bodies } from "./bodies.ts";
import { batchShards, countShard, endKey, firstKey, keyTime, timeKey, ttlOf } from "./keys.ts";
import type { KeyedEvent } from "./posting-plan.ts";
import type { Queries } from "./query.ts";
import { keyOf } from "./row.ts";
import type { Table } from "./table.ts";

const minuteMs = 60_000;
/** Minutes that a process counts at once; late events may belong to any. */
const minutesKept = 16;

const countsSchema = z.record(z.string(), z.int().positive());

/** What this process counted in one minute, and its row: no other process writes it. */
interface Minute {
  /** Its beginning. */
  readonly at: number;
  readonly pk: string;
  readonly sk: string;
  readonly types: Map<string, number>;
}

/**
 * Counts recorded events by minute and type. A process writes its own sums, over those of the batch before, so that a
 * repeated write counts nothing twice; readers add up. A process that ends between this and the log's row, or before it could
 * take out what another has logged meanwhile, leaves it counted twice; so may a write of the counts that failed again and again.
 */
export class CountWriter {
  readonly #dependencies: AwsDependencies;
  readonly #table: Table;
  readonly #bodies: Bodies;
  readonly #minutes = new Map<number, Minute>();
  /** One at a time: a write of earlier sums must not come after one of later sums. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(dependencies: AwsDependencies, table: Table) {
    this.#dependencies = dependencies;
    this.#table = table;
    this.#bodies = new Bodies(dependencies);
  }

  /** Resolves with what takes some of them out again: those that another has logged, or whose batch comes again. */
  add(recorded: readonly KeyedEvent[]): Promise<(keys: ReadonlySet<string>) => Promise<void>> {
    const all = recorded.map(({ event, key }) => ({ key, type: event.type, minute: this.#minute(keyTime(key)) }));
    const change = (counted: typeof all, by: number) => {
      for (const { minute, type } of counted) minute.types.set(type, (minute.types.get(type) ?? 0) + by);
    };
    const write = (counted: typeof all) =>
      Promise.all([...new Set(counted.map(({ minute }) => minute))].map((minute) => this.#write(minute)));
    return this.#inTurn(async () => {
      change(all, 1);
      try {
        await write(all);
      } catch (thrown) {
        // The batch comes again, and would count twice in these rows; one may be written although there was no answer.
        change(all, -1);
        await write(all).catch(() => {});
        throw thrown;
      }
      return (keys) =>
        this.#inTurn(async () => {
          const wrong = all.filter(({ key }) => keys.has(key));
          change(wrong, -1);
          await write(wrong);
        });
    });
  }

  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => {});
    return done;
  }

  #minute(time: number): Minute {
    const at = Math.floor(time / minuteMs) * minuteMs;
    let minute = this.#minutes.get(at);
    if (minute === undefined) {
      const [oldest] = this.#minutes.keys();
      if (this.#minutes.size >= minutesKept && oldest !== undefined) this.#minutes.delete(oldest);
      const shard = Math.floor(this.#dependencies.random() * batchShards);
      minute = { at, pk: countShard(shard), sk: `${timeKey(at)}.${this.#dependencies.nextId()}`, types: new Map() };
      this.#minutes.set(at, minute);
    }
    return minute;
  }

  async #write({ at, pk, sk, types }: Minute): Promise<void> {
    const counts = Object.fromEntries([...types].filter(([, count]) => count > 0));
    const fields = await this.#bodies.pack(JSON.stringify(counts), `${bodyPrefixes.events}${sk}`);
    await this.#table.put({ pk, sk, ttl: ttlOf(at + minuteMs, this.#dependencies.config.retentionMs), fields });
  }
}

/** Adds up what was counted: whole minutes from the counts, the parts of minutes at the ends from the events. */
export class CountReader {
  readonly #table: Table;
  readonly #bodies: Bodies;
  readonly #queries: Queries;

  constructor(dependencies: AwsDependencies, table: Table, queries: Queries) {
    this.#table = table;
    this.#bodies = new Bodies(dependencies);
    this.#queries = queries;
  }

  async stats(query: StatsQuery): Promise<StatsRow[]> {
    const since = queryTime(query.since, "since");
    const until = queryTime(query.until, "until");
    const counts = new TypeCounts(query);
    const first = since === undefined ? undefined : Math.ceil(since / minuteMs) * minuteMs;
    const last = until === undefined ? undefined : Math.floor(until / minuteMs) * minuteMs;
    if (since !== undefined && until !== undefined && first !== undefined && last !== undefined && first > last) {
      await this.#addEvents(counts, since, until);
      return counts.rows();
    }
    await Promise.all([
      this.#addMinutes(counts, first, last),
      since === undefined || first === undefined ? undefined : this.#addEvents(counts, since, first),
      until === undefined || last === undefined ? undefined : this.#addEvents(counts, last, until),
    ]);
    return counts.rows();
  }

  async #addMinutes(counts: TypeCounts, first: number | undefined, last: number | undefined): Promise<void> {
    const from = first === undefined ? firstKey : timeKey(first);
    const to = last === undefined ? endKey : timeKey(last);
    const shards = Array.from({ length: batchShards }, (_, shard) => countShard(shard));
    await Promise.all(
      shards.map(async (pk) => {
        for await (const items of this.#table.query({ pk, from, to })) {
          for (const item of items) {
            const types = countsSchema.parse(JSON.parse(await this.#bodies.unpack(item)));
            for (const [type, count] of Object.entries(types)) counts.add(keyTime(keyOf(item).sk), type, count);
          }
        }
      }),
    );
  }

  async #addEvents(counts: TypeCounts, from: number, to: number): Promise<void> {
    if (from >= to) return;
    for await (const { event, key } of this.#queries.between(from, to)) counts.add(keyTime(key), event.type, 1);
  }
}
