import { createRequire } from "node:module";
import pg from "pg";
import * as z from "zod";
import { connect } from "../../lib/index.ts";
import { postgresEngine } from "../../lib/postgres-entry.ts";
import { draft } from "../embedded/load.ts";

/** A queue on PostgreSQL with its handlers, all in this process. */
export interface Contender {
  /** Publishes one event to every subscription; resolves once it is committed. */
  publish(number: number): Promise<unknown>;
  close(): Promise<unknown>;
}

/** Sets up so many handlers of every event; each calls `handled` with the number of the event. */
export type Setup = (url: string, subscriptions: number, handled: (taskId: string) => void) => Promise<Contender>;

/** Where `peers.ts` has installed the peers. */
const peers = createRequire(new URL("../../node_modules/.cache/postgres-peers/index.js", import.meta.url));

const waggle: Setup = async (url, subscriptions, handled) => {
  const bus = await connect({ engine: postgresEngine({ url }), source: "bench", logLevel: "silent" });
  for (let number = 0; number < subscriptions; number += 1) {
    await bus.subscribe({ name: `bench-${number}`, on: "task.completed", concurrency: 256 }, ({ data }) =>
      handled(data.taskId),
    );
  }
  return { publish: (number) => bus.publish(draft(number)), close: () => bus.close() };
};

interface Job {
  readonly data: { readonly data: { readonly taskId: string } };
}

interface Boss {
  on(event: "error", listener: (error: Error) => void): void;
  start(): Promise<unknown>;
  stop(): Promise<unknown>;
  createQueue(name: string, options: object): Promise<unknown>;
  subscribe(event: string, name: string): Promise<unknown>;
  publish(event: string, data: object): Promise<unknown>;
  work(name: string, options: object, handler: (jobs: readonly Job[]) => Promise<void>): Promise<unknown>;
}

const bossModule = z.object({
  PgBoss: z.custom<new (options: object) => Boss>((value) => typeof value === "function"),
});

/** With its publish and subscribe, NOTIFY, and batches as large as its handlers take. It keeps completed jobs for a week. */
const pgBoss: Setup = async (url, subscriptions, handled) => {
  const { PgBoss } = bossModule.parse(peers("pg-boss"));
  const boss = new PgBoss({ connectionString: url, max: 10, useListenNotify: true });
  boss.on("error", (error) => {
    throw error;
  });
  await boss.start();
  for (let number = 0; number < subscriptions; number += 1) {
    const name = `bench-${number}`;
    await boss.createQueue(name, { notify: true });
    await boss.subscribe("task.completed", name);
    const options = { batchSize: 256, pollingIntervalSeconds: 0.5, burstWhenBatchFull: true };
    await boss.work(name, options, async (jobs) => {
      for (const { data } of jobs) handled(data.data.taskId);
    });
  }
  return { publish: (number) => boss.publish("task.completed", draft(number)), close: () => boss.stop() };
};

interface WorkerUtils {
  addJobs(specs: readonly { identifier: string; payload: object }[]): Promise<unknown>;
  release(): Promise<unknown>;
}

interface Worker {
  stop(): Promise<unknown>;
}

const workerModule = z.object({
  run: z.custom<(options: object) => Promise<Worker>>((value) => typeof value === "function"),
  makeWorkerUtils: z.custom<(options: object) => Promise<WorkerUtils>>((value) => typeof value === "function"),
  Logger: z.custom<new (factory: () => () => void) => object>((value) => typeof value === "function"),
});

/**
 * With its local queue and completions in batches. It has no publish to many and no history: one statement adds the jobs of all
 * subscriptions, and what is done is deleted.
 */
const graphileWorker: Setup = async (url, subscriptions, handled) => {
  const { Logger, makeWorkerUtils, run } = workerModule.parse(peers("graphile-worker"));
  const names = Array.from({ length: subscriptions }, (_, number) => `bench_${number}`);
  const pool = new pg.Pool({ connectionString: url, max: 10 });
  pool.on("error", () => {});
  pool.on("connect", (client) => client.on("error", () => {}));
  const logger = new Logger(() => () => {});
  const utils = await makeWorkerUtils({ pgPool: pool, logger });
  const worker = await run({
    pgPool: pool,
    noHandleSignals: true,
    logger,
    taskList: Object.fromEntries(names.map((name) => [name, ({ data }: Job["data"]) => handled(data.taskId)])),
    preset: {
      worker: {
        concurrentJobs: 64,
        pollInterval: 500,
        localQueue: { size: 256 },
        completeJobBatchDelay: 0,
        failJobBatchDelay: 0,
      },
    },
  });
  return {
    publish: (number) => {
      const { data, metadata } = draft(number);
      return utils.addJobs(names.map((identifier) => ({ identifier, payload: { data, metadata } })));
    },
    close: async () => {
      await worker.stop();
      await utils.release();
      await pool.end();
    },
  };
};

export const contenders: Readonly<Record<string, Setup>> = {
  waggle,
  "pg-boss": pgBoss,
  "graphile-worker": graphileWorker,
};
