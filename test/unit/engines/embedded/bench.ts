import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { onTestFinished } from "vitest";
import type { Delivery, Outcome } from "../../../../lib/engine/delivery.ts";
import type { Consumer, Consumption } from "../../../../lib/engine/delivery-queue.ts";
import type { Engine } from "../../../../lib/engine/engine.ts";
import type { Appended } from "../../../../lib/engine/event-log.ts";
import { type EmbeddedOptions, openEmbedded, startOn, withDefaults } from "../../../../lib/engines/embedded/index.ts";
import type { BusError, BusErrorCode } from "../../../../lib/error/bus-error.ts";
import type { Failure } from "../../../../lib/error/failure.ts";
import type { Event } from "../../../../lib/event/event.ts";
import { jsonLogger } from "../../../../lib/runtime/logger.ts";
import type { SubscriptionRecord } from "../../../../lib/subscription/subscription.ts";
import { ManualClock } from "../../../../lib/testing/manual-clock.ts";
import { eventually } from "../../../support/eventually.ts";
import { temporaryDirectory } from "../../../support/temporary-directory.ts";

/** Holds what it is handed until the test settles it. */
export class TestConsumer implements Consumer {
  readonly held: Delivery[] = [];
  /** Everything it was ever handed. */
  readonly seen: Delivery[] = [];
  room: number;
  readonly #consumption: Consumption;
  readonly #engine: Engine;

  constructor(engine: Engine, subscription: string, room = 1_000) {
    this.#engine = engine;
    this.room = room;
    this.#consumption = engine.deliveries.consume(subscription, this);
  }

  capacity(): number {
    return this.room - this.held.length;
  }

  deliver(delivery: Delivery): void {
    this.held.push(delivery);
    this.seen.push(delivery);
  }

  expired(): void {}

  /** Ends the first one held, or the one given. */
  async settle(outcome: Outcome = { kind: "done" }, delivery = this.held[0]): Promise<void> {
    if (delivery === undefined) throw new Error("nothing is held");
    this.held.splice(this.held.indexOf(delivery), 1);
    await this.#engine.deliveries.settle(delivery, outcome);
    this.#consumption.wake();
  }

  /** Ends all that are held. */
  async settleAll(): Promise<void> {
    const all = [...this.held];
    await Promise.all(all.map((held) => this.settle(undefined, held)));
  }

  /** The ids of the events held, once there are as many. */
  async ids(count: number): Promise<string[]> {
    await eventually(`${count} deliveries; there are ${this.held.length}`, () => this.held.length >= count);
    return this.held.map(({ event }) => event.id);
  }

  get settings(): SubscriptionRecord | undefined {
    return this.#consumption.settings;
  }

  wake(): void {
    this.#consumption.wake();
  }

  stop(): void {
    this.#consumption.stop();
  }
}

export function failed(attempt: number, code: BusErrorCode = "handler_error"): Failure {
  return { code, message: "it failed", at: "2026-01-01T00:00:00.000Z", attempt };
}

/** A folder with a bus in it, and what a test opens on it; all is closed after the test. */
export class Bench {
  readonly file: string;
  readonly clock = new ManualClock();
  readonly errors: BusError[] = [];
  readonly #engines: Engine[] = [];
  readonly #remove: () => Promise<void>;

  private constructor(path: string, remove: () => Promise<void>) {
    this.file = join(path, "bus.db");
    this.#remove = remove;
  }

  static async make(): Promise<Bench> {
    const { path, remove } = await temporaryDirectory();
    const bench = new Bench(path, remove);
    onTestFinished(() => bench.close());
    return bench;
  }

  /** As another process would open it: nothing is shared but the file. */
  async open({ db, ...options }: Partial<EmbeddedOptions> & { db?: DatabaseSync } = {}): Promise<Engine> {
    const given: EmbeddedOptions = {
      file: this.file,
      clock: this.clock,
      logger: jsonLogger(() => {}, "silent"),
      onError: (error) => this.errors.push(error),
      random: () => 0.5,
      pollMs: 1,
      processCheckMs: 10,
      ...options,
    };
    const engine = db === undefined ? await openEmbedded(given) : await startOn(db, withDefaults(given));
    this.#engines.push(engine);
    return engine;
  }

  /** Reads the file as it is. */
  read(sql: string): Record<string, unknown>[] {
    const db = new DatabaseSync(this.file);
    try {
      return db
        .prepare(sql)
        .all()
        .map((row) => ({ ...row }));
    } finally {
      db.close();
    }
  }

  write(sql: string): void {
    const db = new DatabaseSync(this.file, { timeout: 1_000 });
    db.exec(sql);
    db.close();
  }

  /** Depths that are not what the rows say; none where all is right. */
  wrongDepths(): Record<string, unknown>[] {
    return this.read(`
      SELECT s.name, p.ready, p.claimed, p.delayed, p.blocked,
        (SELECT count(*) FROM deliveries AS d WHERE d.sub = s.id AND d.state = 0) AS rows_ready,
        (SELECT count(*) FROM deliveries AS d WHERE d.sub = s.id AND d.state = 1) AS rows_claimed,
        (SELECT count(*) FROM deliveries AS d WHERE d.sub = s.id AND d.state = 2) AS rows_delayed,
        (SELECT count(*) FROM deliveries AS d WHERE d.sub = s.id AND d.state = 3) AS rows_blocked
      FROM subscriptions AS s JOIN depths AS p ON p.sub = s.id
      WHERE p.ready <> rows_ready OR p.claimed <> rows_claimed OR p.delayed <> rows_delayed OR p.blocked <> rows_blocked`);
  }

  /** Waits until a close that was begun waits for its time to be up. */
  async closeWaits(): Promise<void> {
    const due = this.clock.now() + 10_000;
    await eventually("the close waits", () => this.clock.nextDue === due);
  }

  async close(): Promise<void> {
    // One that a test has closed in vain says so again.
    await Promise.allSettled(this.#engines.splice(0).map((engine) => engine.close()));
    await this.#remove();
  }
}

/** Publishes one event with an id given by the test. */
export async function publish(engine: Engine, event: Event, options: { history?: boolean } = {}): Promise<Appended> {
  return engine.log.append({ event, ownId: true, history: options.history ?? true, inHandler: false });
}
