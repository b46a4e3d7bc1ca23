import type { Database } from "../storage/database.ts";
import type { Names } from "../storage/names.ts";

/** What one process tells the others. */
export interface Notice {
  readonly from: number;
  /** Whether the subscriptions have changed, or another process has come. */
  readonly changed: boolean;
  /** Subscriptions that have something ready. */
  readonly ready: readonly number[];
}

/** Milliseconds within which notices are merged: the commits of NOTIFY wait for each other. */
const mergeMs = 5;
/** Subscriptions named in one notice; where there are more, the others look themselves. */
const namedAtMost = 500;

export interface NotifierDependencies {
  readonly database: Database;
  readonly names: Names;
  processId(): number;
  /** Whether anybody is there to be told. */
  wanted(): boolean;
}

/** Tells other processes of changes, many at a time and outside of the transactions that made them. */
export class Notifier {
  readonly #dependencies: NotifierDependencies;
  readonly #ready = new Set<number>();
  #changed = false;
  #timer: NodeJS.Timeout | undefined;
  #sending: Promise<void> | undefined;
  #lastAt = 0;

  constructor(dependencies: NotifierDependencies) {
    this.#dependencies = dependencies;
  }

  /** Something was appended or settled; these have something ready. */
  notify(ready: Iterable<number> = []): void {
    if (!this.#dependencies.wanted()) return;
    for (const sub of ready) this.#ready.add(sub);
    this.#schedule();
  }

  /** The subscriptions have changed, or this process has come: told in any case. */
  async tellChanged(): Promise<void> {
    this.#changed = true;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    await this.#sending;
    await this.#send();
  }

  /** Resolves when what was to be told is told. */
  async flush(): Promise<void> {
    if (this.#timer === undefined) return this.#sending;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    await this.#sending;
    await this.#send();
  }

  #schedule(): void {
    if (this.#timer !== undefined) return;
    const ms = Math.max(0, this.#lastAt + mergeMs - performance.now());
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (this.#sending === undefined) void this.#send();
      else this.#schedule();
    }, ms).unref();
  }

  /** Never rejects: who is not told finds out by the next heartbeat. */
  #send(): Promise<void> {
    const { database, names, processId } = this.#dependencies;
    const ready = [...this.#ready].slice(0, namedAtMost);
    const payload = `${processId()}${this.#changed ? "!" : ""}:${ready.join(",")}`;
    this.#ready.clear();
    this.#changed = false;
    this.#lastAt = performance.now();
    const sending = database
      .query("SELECT pg_notify($1, $2)", [names.channel, payload])
      .then(
        () => {},
        () => {},
      )
      .finally(() => {
        this.#sending = undefined;
      });
    this.#sending = sending;
    return sending;
  }
}

/** `undefined` for what is no notice. */
export function parseNotice(payload: string): Notice | undefined {
  const [, from, mark, list = ""] = /^(\d+)(!?):([\d,]*)$/.exec(payload) ?? [];
  if (from === undefined) return undefined;
  const ready = list === "" ? [] : list.split(",").map(Number);
  return { from: Number(from), changed: mark === "!", ready };
}
