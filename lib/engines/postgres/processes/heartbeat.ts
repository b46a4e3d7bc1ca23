import * as z from "zod";
import { type BusError, toBusError } from "../../../error/bus-error.ts";
import type { Database } from "../storage/database.ts";
import type { Names } from "../storage/names.ts";

const numbers = z
  .array(z.number())
  .nullish()
  .transform((list) => list ?? []);

/** What a heartbeat finds. */
const beatSchema = z.object({
  /** Whether this process is still listed. */
  known: z.boolean(),
  /** How many others are. */
  others: z.number(),
  /** Those that are gone. */
  gone: numbers,
  epoch: z.number(),
  /** The last position given out. */
  last: z.number(),
  /** Subscriptions that have something ready. */
  ready: numbers,
  /** Subscriptions that have something to deliver in so many milliseconds. */
  due: z
    .array(z.tuple([z.number(), z.number()]))
    .nullish()
    .transform((list) => list ?? []),
  /** Subscriptions that are not filled yet. */
  filling: numbers,
});
export type Beat = z.infer<typeof beatSchema>;

export interface HeartbeatDependencies {
  readonly database: Database;
  readonly names: Names;
  readonly leaseMs: number;
  processId(): number;
  /** Whether a connection of this process holds its lock; without, the heartbeat renews its lease. */
  hasSession(): boolean;
  /** The numbers of the subscriptions that this process handles. */
  handled(): number[];
  /** Whether somebody here waits for what comes. */
  watched(): boolean;
  /** Works with what was found. */
  found(beat: Beat): Promise<void>;
  onError(error: BusError): void;
}

/**
 * Milliseconds between two heartbeats: where notifications come they only tell who is gone and what was missed; where they do
 * not, by them all is found.
 */
const everyMs = { notified: 500, polling: 250, idle: 1_000 };
/** Milliseconds after which a process whose lock is free counts as gone: it may be about to connect again. */
const graceMs = 1_500;

/** Looks from time to time how the bus stands, in one statement. */
export class Heartbeat {
  readonly #dependencies: HeartbeatDependencies;
  readonly #beat: string;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  /** When it renewed its lease; long ago where it has not needed one since. */
  #renewedAt = Number.NEGATIVE_INFINITY;
  #stopped = false;
  #failed = false;

  constructor(dependencies: HeartbeatDependencies) {
    this.#dependencies = dependencies;
    this.#beat = `SELECT ${dependencies.names.s}.beat($1, $2, $3, $4) AS beat`;
  }

  /** Looks now, and from then on; resolves when it has looked, or failed to. What looks already may have begun too early. */
  async now(): Promise<void> {
    await this.#running;
    if (this.#stopped) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#running ??= this.#look().finally(() => {
      this.#running = undefined;
      this.#next();
    });
    await this.#running;
  }

  /** Resolves when what runs has ended. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  #next(): void {
    if (this.#stopped || this.#timer !== undefined) return;
    const { handled, hasSession, watched } = this.#dependencies;
    const idle = handled().length === 0 && !watched();
    const ms = idle ? everyMs.idle : hasSession() ? everyMs.notified : everyMs.polling;
    this.#timer = setTimeout(() => void this.now(), ms).unref();
  }

  /** Never rejects. */
  async #look(): Promise<void> {
    const { database, found, handled, hasSession, leaseMs, onError, processId } = this.#dependencies;
    const now = performance.now();
    if (hasSession()) this.#renewedAt = Number.NEGATIVE_INFINITY;
    const renews = !hasSession() && now - this.#renewedAt >= leaseMs / 3;
    try {
      const values = [processId(), renews ? leaseMs : hasSession() ? -1 : 0, graceMs, handled()];
      const [row] = await database.query(this.#beat, values);
      if (renews) this.#renewedAt = now;
      this.#failed = false;
      await found(beatSchema.parse(row?.beat));
    } catch (thrown) {
      // One report for each series of failures: it goes on by itself.
      if (!this.#failed && !this.#stopped) onError(toBusError(thrown));
      this.#failed = true;
    }
  }
}
