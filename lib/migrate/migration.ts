import { createHash } from "node:crypto";
import type { Engine } from "../engine/engine.ts";
import { BusError, toBusError } from "../error/bus-error.ts";
import type { Event } from "../event/event.ts";
import { formatTime } from "../event/time.ts";
import { allDeadLetters, namedSubscriptions, openDeliveries, recordedEvents } from "./contents.ts";
import { digestOf, type Kind, type KindDigest, kinds } from "./digest.ts";

/** How far a migration has come. */
export interface MigrationProgress {
  /** What is being counted, copied or verified. */
  readonly step: "count" | "copy" | "verify";
  /** Of which kind. */
  readonly kind: Kind;
  /** Items done of this step, all kinds together. */
  readonly done: number;
  /** Items of this step; absent while they are counted. */
  readonly total?: number;
}

/** How a migration is done and watched. */
export interface MigrateOptions {
  /** Only counts what would be moved. Default false. */
  dryRun?: boolean;
  /** Goes on where the target cannot take everything as it stands: {@link MigrationReport.lost} says what is not moved. Default false. */
  partial?: boolean;
  /** Called after each page. */
  onProgress?: (progress: MigrationProgress) => void;
  /** Aborted, it stops after the page that is written; the same call goes on from there. */
  signal?: AbortSignal;
}

/** What a migration has moved, or would move. */
export interface MigrationReport {
  /** Whether it only counted. */
  readonly dryRun: boolean;
  /** RFC 3339: when the target got all of it before this call, which then changed nothing. */
  readonly movedBefore?: string;
  /** What the source holds of each kind. */
  readonly source: Readonly<Record<Kind, number>>;
  /** What the target holds of each kind, with the hash that was found the same on both; empty for a dry run. */
  readonly verified: Readonly<Partial<Record<Kind, KindDigest>>>;
  /** What the target cannot take as it stands; empty where it takes all. */
  readonly lost: readonly ("history" | "attempts" | "delays")[];
}

/** The type of the event that says in the history of the target that all was moved. */
const movedType = "custom.waggle.migrated";

/** One migration between two engines: what `migrate` does. */
export class Migration {
  readonly #source: Engine;
  readonly #target: Engine;
  readonly #options: MigrateOptions;
  #step: MigrationProgress["step"] = "count";
  #done = 0;
  #total: number | undefined;

  constructor(source: Engine, target: Engine, options: MigrateOptions) {
    this.#source = source;
    this.#target = target;
    this.#options = options;
  }

  async run(): Promise<MigrationReport> {
    if (this.#source.transfer === undefined) {
      throw cannot(this.#source, "hand over what it holds; forward its events instead");
    }
    await this.#alone();
    const counts = await this.#count();
    const dryRun = this.#options.dryRun === true;
    const lost = this.#target.transfer === undefined ? (["history", "attempts", "delays"] as const) : [];
    const report = { dryRun, source: counts, verified: {}, lost };
    const moved = await this.#movedMark(counts);
    const before = this.#target.transfer === undefined ? undefined : await this.#target.log.get(moved.id);
    if (before !== undefined) return { ...report, movedBefore: before.time };
    const newest = await this.#newestMoved();
    if (dryRun) return report;
    if (lost.length > 0 && this.#options.partial !== true) {
      throw cannot(
        this.#target,
        "take history (its events would be published anew, as of today), attempts and delays (what is not delivered yet starts over, at once, as a replay); give `partial` to move the rest: dead letters, and deliveries so",
      );
    }
    const total = kinds.reduce((sum, kind) => sum + counts[kind], 0);
    this.#begin("copy", total);
    await this.#copyEvents(newest);
    await this.#copyDeadLetters();
    await this.#copySubscriptions();
    await this.#copyDeliveries();
    this.#begin("verify", total * 2);
    const verified = await this.#verify();
    await this.#alone();
    await this.#target.transfer?.addEvents([{ event: moved, acceptedAt: Date.parse(moved.time) }]);
    return { ...report, verified };
  }

  /** `conflict` where others use a store: what they do meanwhile would be lost, or be done twice. */
  async #alone(): Promise<void> {
    for (const [which, { name, transfer }] of Object.entries({ source: this.#source, target: this.#target })) {
      const others = (await transfer?.others()) ?? 0;
      if (others === 0) continue;
      throw new BusError(
        "conflict",
        `migrate: ${others} other ${others === 1 ? "process uses" : "processes use"} the ${which} (${name}); stop ${others === 1 ? "it" : "them"}, then run the migration again`,
        { details: { which, others } },
      );
    }
  }

  async #count(): Promise<Record<Kind, number>> {
    const counts: Record<Kind, number> = { events: 0, deadLetters: 0, subscriptions: 0, deliveries: 0 };
    const add = (kind: Kind, count: number) => {
      counts[kind] += count;
      this.#progress(kind, count);
    };
    for await (const page of recordedEvents(this.#source)) add("events", page.length);
    for await (const _ of allDeadLetters(this.#source)) add("deadLetters", 1);
    add("subscriptions", (await namedSubscriptions(this.#source)).length);
    for await (const page of openDeliveries(this.#source)) add("deliveries", page.length);
    return counts;
  }

  /** The event that says that all was moved. Its id is of what the source holds: the same migration makes the same. */
  async #movedMark(counts: Readonly<Record<Kind, number>>): Promise<Event> {
    const [newest] = (await this.#source.log.query({}, { limit: 1 })).events;
    const of = [this.#source.name, newest?.event.id, newest?.acceptedAt, counts];
    const id = `waggle-migrated-${createHash("sha256").update(JSON.stringify(of)).digest("hex").slice(0, 32)}`;
    const time = formatTime(Date.now());
    return Object.freeze({
      id,
      type: movedType,
      source: "waggle",
      time,
      data: Object.freeze({ from: this.#source.name }),
      metadata: Object.freeze({ version: 1, correlationId: id, priority: 5 }),
    });
  }

  /** The newest event that the target has of the source, where an earlier run was cut off. `conflict` where it has others. */
  async #newestMoved(): Promise<string | undefined> {
    const [newest] = (await this.#target.log.query({}, { limit: 1 })).events;
    if (newest === undefined || this.#target.transfer === undefined) return undefined;
    if ((await this.#source.log.get(newest.event.id)) !== undefined) return newest.event.id;
    throw new BusError(
      "conflict",
      `migrate: the target (${this.#target.name}) has events of its own, the newest is ${newest.event.id} (${newest.event.type}); give an empty one`,
      { details: { eventId: newest.event.id } },
    );
  }

  async #copyEvents(after: string | undefined): Promise<void> {
    const { transfer } = this.#target;
    if (transfer === undefined) return;
    for await (const page of recordedEvents(this.#source, after)) {
      await transfer.addEvents(page);
      this.#progress("events", page.length);
    }
  }

  async #copyDeadLetters(): Promise<void> {
    for await (const deadLetter of allDeadLetters(this.#source)) {
      await this.#target.deadLetters.put(deadLetter);
      this.#progress("deadLetters", 1);
    }
  }

  async #copySubscriptions(): Promise<void> {
    const states = await this.#source.subscriptions.list();
    const pausedOnes = new Set(states.flatMap(({ paused, record }) => (paused === true ? [record.name] : [])));
    for (const record of await namedSubscriptions(this.#source)) {
      // What it has still to get comes with its deliveries.
      await this.#target.subscriptions.put({ ...record, from: "now" }, { ephemeral: false });
      if (pausedOnes.has(record.name)) await this.#target.subscriptions.setPaused?.(record.name, true);
      this.#progress("subscriptions", 1);
    }
  }

  async #copyDeliveries(): Promise<void> {
    const { deliveries: queue, transfer } = this.#target;
    for await (const page of openDeliveries(this.#source)) {
      if (transfer !== undefined) await transfer.addDeliveries(page);
      else {
        for (const { event, replayId, subscription } of page) {
          await queue.enqueue(subscription, [event], { replayId: replayId ?? "migration" });
        }
      }
      this.#progress("deliveries", page.length);
    }
  }

  async #verify(): Promise<Partial<Record<Kind, KindDigest>>> {
    if (this.#target.transfer === undefined) {
      await this.#verifyDeadLetters();
      return {};
    }
    const counted = (kind: Kind) => this.#progress(kind, 1);
    const here = await digestOf(this.#source, { counted });
    const there = await digestOf(this.#target, { counted });
    for (const kind of kinds) {
      const [one, other] = [here[kind], there[kind]];
      if (one.hash === other.hash && one.count === other.count) continue;
      throw new BusError(
        "conflict",
        `migrate: the target does not hold the same ${kind} as the source (${other.count} there, ${one.count} here); something else has changed one of them: give an empty target, and run the migration again`,
        { details: { kind, source: one, target: other } },
      );
    }
    return there;
  }

  /** A bus that takes no history may have dead letters of its own: those of the source must be among them. */
  async #verifyDeadLetters(): Promise<void> {
    for await (const { id } of allDeadLetters(this.#source)) {
      if ((await this.#target.deadLetters.get(id)) === undefined) {
        throw new BusError("conflict", `migrate: the target does not hold dead letter ${id}; run the migration again`);
      }
      this.#progress("deadLetters", 1);
    }
  }

  #begin(step: MigrationProgress["step"], total: number): void {
    this.#step = step;
    this.#done = 0;
    this.#total = total;
  }

  #progress(kind: Kind, count: number): void {
    if (this.#options.signal?.aborted === true) throw toBusError(this.#options.signal.reason, "aborted");
    this.#done += count;
    const total = this.#total === undefined ? {} : { total: this.#total };
    this.#options.onProgress?.({ step: this.#step, kind, done: this.#done, ...total });
  }
}

function cannot({ name }: Engine, what: string): BusError {
  return new BusError("invalid_config", `migrate: the engine ${name} cannot ${what}`, { details: { engine: name } });
}
