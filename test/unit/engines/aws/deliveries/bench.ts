import {
  type AttributeValue,
  DeleteItemCommand,
  type DynamoDBClient,
  ScanCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, expect } from "vitest";
import * as z from "zod";
import { toEnvelope } from "../../../../../lib/aws-shared/index.ts";
import { standardCatalog } from "../../../../../lib/catalog/index.ts";
import type { DeadLetter, Failure, Outcome } from "../../../../../lib/engine/delivery.ts";
import { createDeliveryTable } from "../../../../../lib/engines/aws/deliveries/index.ts";
import type {
  ClaimedDelivery,
  DeliveryTable,
  MessageAction,
  QueueMessage,
  SkipReason,
} from "../../../../../lib/engines/aws/dependencies.ts";
import { BusError } from "../../../../../lib/error/bus-error.ts";
import type { Event } from "../../../../../lib/event/event.ts";
import type { SubscriptionRecord } from "../../../../../lib/subscription/subscription.ts";
import { ManualClock } from "../../../../../lib/testing/manual-clock.ts";
import { aRecord } from "../../../../support/a-record.ts";
import { type Dynamo, deliveriesTableInput, startDynamo } from "../../../../support/dynamo.ts";

/** A DynamoDB for the tests of a file; ask it for a {@link Bench} in each. */
export function dynamoForFile(): () => Dynamo {
  let dynamo: Dynamo | undefined;
  beforeAll(async () => {
    dynamo = await startDynamo();
  });
  afterAll(() => dynamo?.close());
  return () => {
    if (dynamo === undefined) throw new Error("it runs from beforeAll to afterAll");
    return dynamo;
  };
}

const capacity = z.object({ CapacityUnits: z.number() });
/** A request for several rows tells of each table. */
const consumed = z.object({ ConsumedCapacity: z.union([capacity, z.tuple([capacity])]) });

type Item = Record<string, AttributeValue>;

let tables = 0;

/** A deliveries table of its own, a clock that stands still, and the dead letters in a map. */
export class Bench {
  readonly clock = new ManualClock();
  readonly deadLetters = new Map<string, DeadLetter>();
  /** How often a dead letter was written, those that were there already included. */
  puts = 0;
  /** Set, the next dead letter cannot be written. */
  deadLettersFail = false;
  /** Called once a dead letter is written. */
  afterPut: (() => void) | undefined;
  readonly client: DynamoDBClient;
  readonly table: string;
  readonly store: DeliveryTable;
  record: SubscriptionRecord;
  #ids = 0;

  private constructor(client: DynamoDBClient, table: string, record: Partial<SubscriptionRecord>) {
    this.client = client;
    this.table = table;
    this.record = aRecord(record);
    this.store = createDeliveryTable(
      {
        config: { deliveriesTable: table },
        clients: { dynamo: client },
        catalog: standardCatalog,
        clock: this.clock,
        nextId: () => {
          this.#ids += 1;
          return `id-${this.#ids}`;
        },
      },
      { put: (deadLetter) => this.#put(deadLetter) },
    );
  }

  static async make(dynamo: Dynamo, record: Partial<SubscriptionRecord> = {}): Promise<Bench> {
    tables += 1;
    const table = `deliveries-${tables}`;
    await dynamo.createTable(deliveriesTableInput(table));
    return new Bench(dynamo.connect(), table, record);
  }

  static withoutTable(dynamo: Dynamo, table: string): Bench {
    return new Bench(dynamo.client, table, {});
  }

  async #put(deadLetter: DeadLetter): Promise<void> {
    if (this.deadLettersFail) {
      this.deadLettersFail = false;
      throw new BusError("unavailable", "the history table does not answer");
    }
    this.puts += 1;
    if (!this.deadLetters.has(deadLetter.id)) this.deadLetters.set(deadLetter.id, deadLetter);
    this.afterPut?.();
  }

  /** The only dead deadLetter. */
  get deadLetter(): DeadLetter {
    expect(this.deadLetters.size).toBe(1);
    const [deadLetter] = this.deadLetters.values();
    if (deadLetter === undefined) throw new Error("there is no dead letter");
    return deadLetter;
  }

  message(event: Event, more: Partial<QueueMessage> = {}): QueueMessage {
    return { body: toEnvelope(event), sentMs: this.clock.now(), ...more };
  }

  /** Opens a message that must be claimed. */
  async claim(message: QueueMessage, leaseMs = 30_000): Promise<ClaimedDelivery> {
    const claimed = await this.store.claim(message, this.record, { leaseMs });
    if (!("delivery" in claimed)) throw new Error(`not claimed: ${claimed.why}`);
    return claimed.delivery;
  }

  /** Opens a message that must not be claimed. */
  async refused(message: QueueMessage): Promise<{ why: SkipReason; action: MessageAction }> {
    const claimed = await this.store.claim(message, this.record, { leaseMs: 30_000 });
    if ("delivery" in claimed) throw new Error("it was claimed");
    return claimed;
  }

  settle(
    delivery: ClaimedDelivery,
    outcome: Outcome = { kind: "done" },
    startedAt = this.clock.now(),
  ): Promise<MessageAction> {
    return this.store.settle(delivery, this.record, outcome, startedAt);
  }

  /** The units that DynamoDB bills from now on. */
  countUnits(): { read: number; written: number } {
    const units = { read: 0, written: 0 };
    this.client.middlewareStack.add(
      (next, { commandName }) =>
        async (args) => {
          const input = { ...args.input, ReturnConsumedCapacity: "TOTAL" };
          const result = await next({ ...args, input });
          const { ConsumedCapacity } = consumed.parse(result.output);
          const { CapacityUnits } = Array.isArray(ConsumedCapacity) ? ConsumedCapacity[0] : ConsumedCapacity;
          units[commandName?.includes("GetItem") === true ? "read" : "written"] += CapacityUnits;
          return result;
        },
      { step: "initialize" },
    );
    return units;
  }

  /** Does something else just before the next request of a kind, or the one that comes after `skip` others. */
  onceBefore(command: string, work: () => Promise<void>, skip = 0): void {
    let left = skip + 1;
    this.client.middlewareStack.add(
      (next, { commandName }) =>
        async (args) => {
          if (commandName === command) left -= 1;
          if (commandName === command && left === 0) await work();
          return next(args);
        },
      { step: "initialize" },
    );
  }

  /** From now on the first answer to each request does not arrive, though it was carried out. */
  loseEachFirstAnswer(): void {
    const answered = new WeakSet<object>();
    this.client.middlewareStack.add(
      (next) => async (args) => {
        const result = await next(args);
        if (answered.has(args.input)) return result;
        answered.add(args.input);
        throw Object.assign(new Error("the connection was reset"), { name: "TimeoutError", $retryable: {} });
      },
      // Within the client's own retries.
      { step: "finalizeRequest", priority: "low" },
    );
  }

  /** All rows of the table, by key, as DynamoDB has them. */
  async rows(): Promise<Record<string, Item>> {
    const { Items: items = [] } = await this.client.send(new ScanCommand({ TableName: this.table }));
    return Object.fromEntries(items.map((item) => [item.pk?.S ?? "", item]));
  }

  /** As a version of Waggle left the row that did not record ends. */
  async forgetEnd(pk: string): Promise<void> {
    await this.client.send(
      new UpdateItemCommand({
        TableName: this.table,
        Key: { pk: { S: pk } },
        UpdateExpression: "REMOVE endedAt, ranMs, totalMs",
      }),
    );
  }

  async deleteRow(pk: string): Promise<void> {
    await this.client.send(new DeleteItemCommand({ TableName: this.table, Key: { pk: { S: pk } } }));
  }
}

export function failed(attempt: number, more: Partial<Failure> = {}): Failure {
  return { code: "handler_error", message: "it failed", at: "2026-01-01T00:00:00.000Z", attempt, ...more };
}

export const gone = { kind: "delete" } as const;
export const later = (afterMs: number) => ({ kind: "later", afterMs }) as const;
