import { waitingPartition } from "../../aws-shared/index.ts";
import { BusError } from "../../error/bus-error.ts";
import { mustBe } from "../../error/must-be.ts";
import type {
  OutboxCounts,
  OutboxRecord,
  OutboxStore,
  RecordSelection,
  RelayOutcome,
  StoredRecord,
  WaitingRecord,
} from "../store.ts";
import {
  allShards,
  failedPartition,
  isSeq,
  keptMessage,
  keyOf,
  movedItem,
  type PlainItem,
  Sequence,
  toItem,
  toRecord,
} from "./item.ts";
import type { OutboxTable } from "./table.ts";

/** Something that an outbox has a transaction write: one of its `TransactItems`. */
export interface OutboxPut<Item> {
  /** A put into the table of the outbox. */
  readonly Put: {
    /** The table of the outbox. */
    readonly TableName: string;
    /** The entry. */
    readonly Item: Item;
  };
}

/** The list of `TransactItems` that you send: `add` appends to it. */
export interface OutboxItems<Item> {
  /** Adds something to write. */
  push(item: OutboxPut<Item>): unknown;
}

export interface DynamoStoreDependencies<Item> {
  readonly table: OutboxTable;
  /** Writes an item as the caller's client takes it. */
  readonly written: (item: PlainItem) => Item;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** 0 to below 1. */
  readonly random: () => number;
  /** Those that are relayed; default all. */
  readonly shards?: readonly number[];
  /** Only what was added before this time, in milliseconds since 1970, is relayed; default all. */
  readonly addedBefore?: number;
}

/** The item by which one relay keeps others from the same work. */
const relayKey = { pk: "relay", sk: "relay" };
/** Items that are changed at once. */
const atOnce = 16;

/** An outbox in a table of DynamoDB. What waits and what was set aside lie in partitions of their own, both under `seq`. */
export class DynamoStore<Item> implements OutboxStore<OutboxItems<Item>, void> {
  readonly #dependencies: DynamoStoreDependencies<Item>;
  readonly #table: OutboxTable;
  readonly #sequence: Sequence;

  constructor(dependencies: DynamoStoreDependencies<Item>) {
    this.#dependencies = dependencies;
    this.#table = dependencies.table;
    this.#sequence = new Sequence(dependencies.now, dependencies.random);
  }

  get name(): string {
    return this.#table.name;
  }

  create(): Promise<void> {
    return this.#table.create();
  }

  add(tx: OutboxItems<Item>, record: OutboxRecord): void {
    if (typeof tx?.push !== "function") {
      throw new BusError(
        "invalid_config",
        `outbox.add: tx ${mustBe("the list of TransactItems that you send in a TransactWriteItemsCommand", tx)}`,
      );
    }
    const { now, written } = this.#dependencies;
    const item = toItem(this.#sequence.next(record.key), now(), record);
    tx.push({ Put: { TableName: this.name, Item: written(item) } });
  }

  lease(owner: string, ms: number): Promise<boolean> {
    const now = this.#dependencies.now();
    return this.#table.change(relayKey, {
      update: "SET #owner = :owner, #until = :until",
      condition: "attribute_not_exists(#pk) OR #owner = :owner OR #until < :now",
      values: { owner, until: now + ms, now },
    });
  }

  async release(owner: string): Promise<void> {
    await this.#table.change(relayKey, {
      update: "SET #until = :none",
      condition: "#owner = :owner",
      values: { owner, none: 0 },
    });
  }

  async read(limit: number): Promise<WaitingRecord[]> {
    const { shards = allShards } = this.#dependencies;
    const share = Math.ceil(limit / shards.length);
    const found = await Promise.all(shards.map((shard) => this.#readShard(shard, share)));
    return sorted(found.flat()).slice(0, limit);
  }

  async #readShard(shard: number, limit: number): Promise<WaitingRecord[]> {
    const { addedBefore = Number.POSITIVE_INFINITY, now } = this.#dependencies;
    const time = now();
    const ready: WaitingRecord[] = [];
    const held = new Set<string>();
    for await (const page of this.#table.pages(waitingPartition(shard), { limit })) {
      for (const item of page) {
        const record = toRecord(item, "waiting");
        const { added, due = 0, key } = record;
        if (added >= addedBefore) return ready;
        if (due > time) held.add(key);
        if (held.has(key)) continue;
        ready.push(record);
        if (ready.length === limit) return ready;
      }
    }
    return ready;
  }

  async settle(outcomes: readonly RelayOutcome[]): Promise<void> {
    // First of all: what is tried again, though the bus has it, is published twice.
    await this.#table.delete(
      outcomes.filter(({ state }) => state === "published").map(({ seq }) => keyOf(seq, "waiting")),
    );
    await each(outcomes, async (outcome) => {
      if (outcome.state === "waiting") await this.#postpone(outcome);
      if (outcome.state === "failed") await this.#setAside(outcome);
    });
  }

  async #postpone({ code, delay, message, seq }: Exclude<RelayOutcome, { state: "published" }>): Promise<void> {
    const at = this.#dependencies.now();
    await this.#table.change(keyOf(seq, "waiting"), {
      update:
        "SET #due = :due, #code = :code, #message = :message, #failedAt = :failedAt, #attempts = #attempts + :one",
      condition: "attribute_exists(#pk)",
      values: { due: at + delay, code, message: keptMessage(message), failedAt: at, one: 1 },
    });
  }

  async #setAside({ code, message, seq }: Exclude<RelayOutcome, { state: "published" }>): Promise<void> {
    const key = keyOf(seq, "waiting");
    const item = await this.#table.get(key);
    if (item === undefined) return;
    const record = toRecord(item, "waiting");
    const error = { code, message: keptMessage(message), at: this.#dependencies.now() };
    await this.#table.move(key, movedItem({ ...record, attempts: record.attempts + 1, error }, "failed"));
  }

  async list({ after, limit, state }: RecordSelection): Promise<StoredRecord[]> {
    if (after !== undefined && !isSeq(after)) {
      throw new BusError("invalid_config", `outbox.list: cursor ${mustBe("that of a page before", after)}`);
    }
    const states = state === undefined ? (["waiting", "failed"] as const) : [state];
    const found = await Promise.all(states.map((one) => this.#all(one, { after, limit })));
    return sorted(found.flat()).slice(0, limit);
  }

  async retry(ids: readonly string[] | undefined): Promise<string[]> {
    const wanted = ids === undefined ? undefined : new Set(ids);
    const [waiting, failed] = await Promise.all([this.#all("waiting"), this.#all("failed")]);
    const chosen = [...waiting.filter(({ due }) => due !== undefined), ...failed].filter(
      ({ id }) => wanted?.has(id) ?? true,
    );
    const retried = await each(chosen, async (record) => {
      const { id, seq, state } = record;
      const done =
        state === "failed"
          ? await this.#table.move(keyOf(seq, "failed"), movedItem(record, "waiting"))
          : await this.#table.change(keyOf(seq, "waiting"), {
              update: "REMOVE #due",
              condition: "attribute_exists(#due)",
              values: {},
            });
      return done ? [id] : [];
    });
    return retried.flat();
  }

  async discard(ids: readonly string[]): Promise<string[]> {
    const wanted = new Set(ids);
    const chosen = (await this.#all("failed")).filter(({ id }) => wanted.has(id));
    await this.#table.delete(chosen.map(({ seq }) => keyOf(seq, "failed")));
    return chosen.map(({ id }) => id);
  }

  async counts(): Promise<OutboxCounts> {
    const total = async (partitions: readonly string[]) =>
      (await Promise.all(partitions.map((partition) => this.#table.count(partition)))).reduce((a, b) => a + b, 0);
    const [waiting, failed, oldest] = await Promise.all([
      total(allShards.map(waitingPartition)),
      total(allShards.map(failedPartition)),
      this.oldest(),
    ]);
    return { waiting, failed, ...(oldest === undefined ? {} : { oldest }) };
  }

  /** When the oldest of what waits was added, in milliseconds since 1970: of each shard one item is read. */
  async oldest(): Promise<number | undefined> {
    const first = await this.#all("waiting", { limit: 1 });
    return first.length === 0 ? undefined : Math.min(...first.map(({ added }) => added));
  }

  /** The records of a state in all shards; at most `limit` of each. */
  async #all(
    state: StoredRecord["state"],
    { after, limit }: { readonly after?: string | undefined; readonly limit?: number } = {},
  ): Promise<StoredRecord[]> {
    const partitionOf = state === "waiting" ? waitingPartition : failedPartition;
    const ofShard = async (shard: number) => {
      const records: StoredRecord[] = [];
      const options = { after, ...(limit === undefined ? {} : { limit }) };
      for await (const page of this.#table.pages(partitionOf(shard), options)) {
        records.push(...page.map((item) => toRecord(item, state)));
        if (limit !== undefined && records.length >= limit) return records.slice(0, limit);
      }
      return records;
    };
    return (await Promise.all(allShards.map(ofShard))).flat();
  }
}

function sorted<Kind extends { readonly seq: string }>(records: readonly Kind[]): Kind[] {
  return records.toSorted((one, other) => (one.seq < other.seq ? -1 : 1));
}

/** Does something with all, some at once; gives what each gave, in their order. */
async function each<Kind, Given>(all: readonly Kind[], act: (one: Kind) => Promise<Given>): Promise<Given[]> {
  const given: Given[] = [];
  for (let start = 0; start < all.length; start += atOnce) {
    given.push(...(await Promise.all(all.slice(start, start + atOnce).map(act))));
  }
  return given;
}
