import * as z from "zod";
import {
  type Bus,
  createCatalog,
  defineEvent,
  defineSubscription,
  type EventsOf,
  NonRetriableError,
  RetryAfterError,
} from "../../lib/index.ts";
import type { FaultRates, SimulateOptions } from "../../lib/sim/index.ts";

const description = "Of the simulations.";
const made = defineEvent("job.made", {
  version: 1,
  description,
  data: z.looseObject({ key: z.string(), number: z.number(), kind: z.string() }),
});
const followed = defineEvent("job.followed", { version: 1, description, data: z.looseObject({ key: z.string() }) });
const delta = defineEvent("job.delta", {
  version: 1,
  description,
  history: false,
  data: z.looseObject({ key: z.string(), number: z.number() }),
});
const definitions = { made, followed, delta };
const catalog = createCatalog(definitions);
type Events = EventsOf<typeof definitions>;

const backoff = { from: 20, to: "1s" } as const;
const timeout = "2s";
const subscriptions = {
  everything: defineSubscription({
    name: "everything",
    on: [made, delta],
    attempts: 12,
    backoff,
    timeout,
    concurrency: 4,
  }),
  keyed: defineSubscription({ name: "keyed", on: [made], ordered: "data.key", attempts: 12, backoff, timeout }),
  chain: defineSubscription({ name: "chain", on: [made], attempts: 12, backoff, timeout, concurrency: 3 }),
  follow: defineSubscription({ name: "follow", on: [followed], attempts: 12, backoff, timeout }),
  picky: defineSubscription({
    name: "picky",
    on: [made],
    where: { data: { number: [{ numeric: [">=", 10] }] } },
    attempts: 2,
    backoff,
    timeout,
  }),
  alone: defineSubscription({
    name: "alone",
    on: [made],
    where: { data: { kind: ["urgent"] } },
    attempts: 12,
    backoff,
    timeout,
    concurrency: 1,
  }),
};

/** Events and faults of a workload. */
export interface WorkloadOptions {
  readonly engine: "memory" | "embedded" | "aws";
  readonly seed: number;
  readonly events: number;
  readonly faults: number | FaultRates;
}

/** A program with one subscription of each sort, and whoever publishes to it in every way that there is. */
export function workload({ engine, events, faults, seed }: WorkloadOptions) {
  return {
    engine,
    seed,
    faults,
    catalog,
    processes: 1 + (seed % 3),
    within: "2d",
    setup: subscribe,
    steps: (bus) => publish(bus, events),
  } satisfies SimulateOptions<Events>;
}

async function subscribe(bus: Bus<Events>): Promise<void> {
  await bus.subscribe(subscriptions.everything, async () => {});
  await bus.subscribe(subscriptions.keyed, () => wait(20));
  await bus.subscribe(subscriptions.chain, async (event, { bus: own }) => {
    await wait(10);
    await own.publish(followed, { key: event.data.key }, { dedupe: "followed" });
  });
  await bus.subscribe(subscriptions.follow, () => {});
  await bus.subscribe(subscriptions.picky, async (event, { attempt }) => {
    if (event.data.kind === "hopeless") throw new NonRetriableError("it never will");
    if (event.data.kind === "later" && attempt === 1) throw new RetryAfterError("not now", 300);
  });
  await bus.subscribe(subscriptions.alone, () => wait(5));
}

const kinds = ["plain", "plain", "plain", "urgent", "hopeless", "later"];

async function publish(bus: Bus<Events>, events: number): Promise<void> {
  for (let number = 0; number < events; number += 1) {
    const key = `key-${Math.floor(Math.random() * 5)}`;
    const data = { key, number, kind: kinds[Math.floor(Math.random() * kinds.length)] ?? "plain" };
    const way = Math.random();
    if (way < 0.6) await bus.publish(made, data);
    else if (way < 0.7)
      await Promise.all([bus.publish(made, data), bus.publish(made, { ...data, number: number + 0.5 })]);
    else if (way < 0.8) await bus.publish(delta, { key, number });
    else if (way < 0.85) await bus.publish(made, data, { delay: Math.ceil(Math.random() * 3_000) });
    else if (way < 0.9)
      await bus.publish({ type: "job.made", data, metadata: { priority: 1 + Math.floor(Math.random() * 10) } });
    else if (way < 0.95) {
      const id = `own-${number}`;
      await Promise.all([1, 2].map(() => bus.publish(made, data, { id, time: "2026-01-01T00:00:00Z" })));
    } else await bus.publishAll([1, 2, 3].map(() => ({ type: "job.delta" as const, data: { key, number } })));
    if (Math.random() < 0.2) await wait(Math.random() * 100);
  }
}

/** Milliseconds of the simulation. */
function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
