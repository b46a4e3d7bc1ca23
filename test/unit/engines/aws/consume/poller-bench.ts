import * as z from "zod";
import { standardCatalog } from "../../../../../lib/catalog/index.ts";
import type { Delivery, Outcome } from "../../../../../lib/engine/delivery.ts";
import type { Consumer } from "../../../../../lib/engine/delivery-queue.ts";
import { createClients } from "../../../../../lib/engines/aws/clients.ts";
import { Poller } from "../../../../../lib/engines/aws/consume/poller.ts";
import type {
  ClaimedDelivery,
  DeliveryTable,
  MessageAction,
  SkipReason,
} from "../../../../../lib/engines/aws/dependencies.ts";
import type { BusError } from "../../../../../lib/error/bus-error.ts";
import { systemClock } from "../../../../../lib/runtime/clock.ts";
import { jsonLogger } from "../../../../../lib/runtime/logger.ts";
import type { SubscriptionRecord } from "../../../../../lib/subscription/subscription.ts";
import { aRecord } from "../../../../support/a-record.ts";
import { anEvent } from "../../../../support/an-event.ts";
import { startJsonStub } from "../../../../support/json-stub.ts";
import { StubQueue } from "../../../../support/stub-queue.ts";

export const done: Outcome = { kind: "done" };

/** A message's body: an event's id, with its priority behind a colon, or a whole envelope with the id. */
function idAndPriority(body: string): readonly string[] {
  return body.startsWith("{") ? [z.object({ id: z.string() }).parse(JSON.parse(body)).id] : body.split(":");
}

/** The deliveries table as a test wants it. */
export class Table implements Pick<DeliveryTable, "claim" | "renew" | "settle"> {
  readonly asked: string[] = [];
  renewed = 0;
  claimResult: ((id: string) => { action: MessageAction; why: SkipReason } | undefined) | undefined;
  settleAction: (outcome: Outcome) => MessageAction = (outcome) =>
    outcome.kind === "retry" ? { kind: "later", afterMs: outcome.afterMs } : { kind: "delete" };
  readonly settled: { id: string; outcome: Outcome }[] = [];

  async claim({ body }: { body: string }, record: SubscriptionRecord) {
    this.asked.push(body);
    const [id = "", priority = "5"] = idAndPriority(body);
    const decided = this.claimResult?.(id);
    if (decided !== undefined) return decided;
    const event = anEvent({ id, metadata: { version: 1, correlationId: id, priority: Number(priority) } });
    const delivery: ClaimedDelivery = {
      subscription: record.name,
      event,
      attempt: 1,
      acceptedAt: 0,
      failures: [],
      redriven: false,
      claim: id,
    };
    return { delivery };
  }

  async renew(): Promise<boolean> {
    this.renewed += 1;
    return true;
  }

  async settle(delivery: ClaimedDelivery, _: SubscriptionRecord, outcome: Outcome): Promise<MessageAction> {
    const action = this.settleAction(outcome);
    this.settled.push({ id: delivery.event.id, outcome });
    return action;
  }
}

/** Runs nothing: keeps what it was handed until the test settles it. */
export class Hands implements Consumer {
  readonly held: Delivery[] = [];
  readonly all: string[] = [];
  room: number;
  most = 0;
  expiredBefore = 0;
  #waiting: { count: number; resolve: () => void }[] = [];

  constructor(room: number) {
    this.room = room;
  }

  capacity(): number {
    return Math.max(0, this.room - this.held.length);
  }

  deliver(delivery: Delivery): void {
    this.held.push(delivery);
    this.all.push(delivery.event.id);
    this.most = Math.max(this.most, this.held.length);
    for (const { count, resolve } of this.#waiting) if (this.all.length >= count) resolve();
  }

  expired(): void {
    this.expiredBefore += 1;
  }

  /** Resolves once so many were handed over in all. */
  async got(count: number): Promise<void> {
    if (this.all.length >= count) return;
    await new Promise<void>((resolve) => this.#waiting.push({ count, resolve }));
  }
}

/** A poller of a stub of SQS, with hands and a table that do what the test says. */
export class PollerBench {
  readonly queue = new StubQueue();
  readonly table = new Table();
  readonly errors: BusError[] = [];
  readonly lines: string[] = [];
  readonly #hands: Hands[] = [];
  readonly #closing: (() => Promise<void>)[] = [];
  #url = "";

  /** `operations` are those of the queue where none are given. */
  async start(operations = this.queue.operations): Promise<void> {
    const stub = await startJsonStub(operations);
    this.#url = stub.url;
    this.#closing.push(stub.close);
  }

  hands(room: number): Hands {
    const hands = new Hands(room);
    this.#hands.push(hands);
    return hands;
  }

  poller(record: Partial<SubscriptionRecord> = {}, leaseMs = 30_000): Poller {
    const clients = createClients({ region: "us-east-1", endpoint: this.#url });
    const poller = new Poller(
      {
        catalog: standardCatalog,
        clients,
        clock: systemClock,
        deliveries: this.table,
        leaseMs,
        logger: jsonLogger((line) => this.lines.push(line), "debug"),
        onError: (error) => this.errors.push(error),
        random: () => 0.5,
      },
      () => aRecord({ name: "readers", concurrency: 10, ...record }),
      `${this.#url}/000000000000/agents-readers`,
    );
    this.onClose(async () => {
      await poller.close();
      for (const hands of this.#hands) {
        await Promise.all(hands.held.splice(0).map((delivery) => poller.settle(delivery, done)));
      }
      await poller.flush();
      clients.destroy();
    });
    return poller;
  }

  onClose(close: () => Promise<void>): void {
    this.#closing.push(close);
  }

  /** The last that was begun is closed first. */
  async close(): Promise<void> {
    for (const close of this.#closing.reverse()) await close();
  }

  async until(check: () => boolean): Promise<void> {
    while (!check()) await this.queue.changed();
  }
}

export function settleAll(poller: Poller, hands: Hands, outcome: Outcome = done): void {
  for (const delivery of hands.held.splice(0)) poller.settle(delivery, outcome);
}
