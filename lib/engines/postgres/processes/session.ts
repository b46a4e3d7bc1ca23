import type { BusError } from "../../../error/bus-error.ts";
import type { Names } from "../storage/names.ts";
import { storeError } from "../storage/postgres-error.ts";

/** What a bus needs of a `pg.Client`. */
export interface SessionClient {
  connect(): Promise<unknown>;
  query(text: string): Promise<{ rows: Record<string, unknown>[] }>;
  on(event: "notification", listener: (message: { payload?: string | undefined }) => void): unknown;
  on(event: "error" | "end", listener: (error?: Error) => void): unknown;
  end(): Promise<void>;
  ref?(): void;
  unref?(): void;
  /** What the server said of itself when it took the connection. */
  readonly processID?: number | null | undefined;
}

export interface SessionDependencies {
  readonly names: Names;
  /** A client that is not connected yet. */
  newClient(): SessionClient;
  processId(): number;
  /** Another process has something to tell. */
  notified(payload: string): void;
  /** Notifications come from now on, and what came before was missed; or they come no longer. */
  changed(connected: boolean): void;
  onError(error: BusError): void;
}

/** Milliseconds until it is tried again to connect; doubled up to the last. */
const againMs = { from: 50, to: 1_000 };
/** Milliseconds after which it is tried again where a pooler stands in between: somebody may have changed that. */
const pooledAgainMs = 60_000;

/** How many seconds the server waits for a machine that has gone silent. */
const keepAlive = "SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3";

/**
 * A connection of this process alone: it takes notifications, and holds the lock that says that the process lives. The lock ends
 * with the process however that ends, and not while the process stands still. Behind a pooler that gives every transaction
 * another session there is no such thing; then the process lives by its lease, and polls.
 */
export class Session {
  readonly #dependencies: SessionDependencies;
  #client: SessionClient | undefined;
  #connected = false;
  #failures = 0;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;
  #reported = false;

  constructor(dependencies: SessionDependencies) {
    this.#dependencies = dependencies;
  }

  /** Whether notifications come, and the lock is held. */
  get connected(): boolean {
    return this.#connected;
  }

  /** Tries to connect; resolves when that has succeeded or failed, and goes on trying. */
  async start(): Promise<void> {
    if (this.#stopped) return;
    const { names, newClient, notified, onError } = this.#dependencies;
    const client = newClient();
    let ended = false;
    const end = () => {
      if (ended) return;
      ended = true;
      if (this.#client === client) this.#lost();
    };
    client.on("error", end);
    client.on("end", end);
    client.on("notification", ({ payload }) => notified(payload ?? ""));
    try {
      await client.connect();
      if (await isPooled(client)) {
        await client.end();
        this.#again(pooledAgainMs);
        return;
      }
      await client.query(keepAlive);
      await client.query(`LISTEN "${names.channel}"`);
      await client.query(`SELECT pg_advisory_lock(${names.locks.process} + ${this.#dependencies.processId()})`);
      if (ended || this.#stopped) {
        await client.end().catch(() => {});
        if (!this.#stopped) this.#retry();
        return;
      }
      client.unref?.();
      this.#client = client;
      this.#connected = true;
      this.#failures = 0;
      this.#reported = false;
      this.#dependencies.changed(true);
    } catch (thrown) {
      client.end().catch(() => {});
      if (!this.#reported && !this.#stopped) onError(storeError(thrown));
      this.#reported = true;
      this.#retry();
    }
  }

  /** Takes the lock of the process's new number as well, after it was taken for gone. */
  async renew(): Promise<void> {
    const { names, processId } = this.#dependencies;
    await this.#client?.query(`SELECT pg_advisory_lock(${names.locks.process} + ${processId()})`);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    const client = this.#client;
    this.#client = undefined;
    // Whoever waits for the end of the bus must not see that of the process first.
    client?.ref?.();
    await client?.end().catch(() => {});
  }

  #lost(): void {
    this.#client = undefined;
    this.#connected = false;
    if (this.#stopped) return;
    this.#dependencies.changed(false);
    this.#retry();
  }

  #retry(): void {
    this.#again(Math.min(againMs.to, againMs.from * 2 ** Math.min(this.#failures, 10)));
    this.#failures += 1;
  }

  #again(ms: number): void {
    if (this.#stopped) return;
    this.#timer = setTimeout(() => void this.start(), ms).unref();
  }
}

/** A pooler answers with numbers of its own for the backends of the server. */
async function isPooled(client: SessionClient): Promise<boolean> {
  const { rows } = await client.query("SELECT pg_backend_pid() AS pid");
  return Number(rows[0]?.pid) !== client.processID;
}
