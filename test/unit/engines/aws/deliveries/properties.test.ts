import fc from "fast-check";
import { expect, test } from "vitest";
import type { Outcome } from "../../../../../lib/engine/delivery.ts";
import type { ClaimedDelivery } from "../../../../../lib/engines/aws/dependencies.ts";
import type { SubscriptionRecord } from "../../../../../lib/subscription/subscription.ts";
import { anEvent } from "../../../../support/an-event.ts";
import { describeDynamo } from "../../../../support/dynamo.ts";
import { Bench, dynamoForFile, failed } from "./bench.ts";

const leaseMs = 10_000;
const attempts = 3;
const ids = ["a1", "a2", "b1", "b2"] as const;
const keyOf = (id: string) => id.slice(0, 1);

type Step =
  | { do: "open"; id: (typeof ids)[number] }
  | { do: "end"; pick: number; how: Outcome["kind"] }
  | { do: "crash" | "renew"; pick: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant("open"), id: fc.constantFrom(...ids) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("end"),
      pick: fc.nat(9),
      how: fc.constantFrom("done", "dropped", "retry", "dead", "released"),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom("crash", "renew"), pick: fc.nat(9) }) },
);
/** Steps at the same time, and how far the clock goes after them. */
const moment = fc.record({
  steps: fc.array(step, { minLength: 1, maxLength: 5 }),
  advance: fc.constantFrom(0, 1_000, 4_000, leaseMs),
});

interface Run {
  readonly delivery: ClaimedDelivery;
  leaseUntil: number;
}

/** Whoever opens messages, and what they may rely on. */
class Workers {
  readonly bench: Bench;
  /** Runs that have not ended, nor crashed. */
  readonly runs = new Set<Run>();
  /** Deliveries that were handed over at least once. */
  readonly begun = new Set<string>();
  readonly over = new Map<string, "done" | "dead">();

  constructor(bench: Bench) {
    this.bench = bench;
  }

  async step(one: Step): Promise<void> {
    if (one.do === "open") return this.open(one.id);
    const run = [...this.runs][one.pick % Math.max(1, this.runs.size)];
    if (run === undefined) return;
    if (one.do === "renew") {
      if (await this.bench.store.renew(run.delivery, leaseMs)) run.leaseUntil = this.bench.clock.now() + leaseMs;
      else this.runs.delete(run);
      return;
    }
    this.runs.delete(run);
    if (one.do === "end") await this.end(run.delivery, one.how);
  }

  async open(id: string): Promise<void> {
    const { bench } = this;
    const message = bench.message(anEvent({ id, type: "custom.thing", data: { key: keyOf(id) } }));
    const claimed = await bench.store.claim(message, bench.record, { leaseMs });
    if ("delivery" in claimed) {
      this.runs.add({ delivery: claimed.delivery, leaseUntil: bench.clock.now() + leaseMs });
      this.begun.add(id);
      expect(this.over.has(id)).toBe(false);
      expect(claimed.delivery.attempt).toBeLessThanOrEqual(attempts);
      expect(claimed.delivery.failures).toHaveLength(claimed.delivery.attempt - 1);
    } else if (claimed.why !== "retryLater") this.ended(id, claimed.why === "dead");
  }

  /** Tries the attempt out, as the runner does: the last one dies. */
  async end({ event, attempt, ...delivery }: ClaimedDelivery, how: Outcome["kind"]): Promise<void> {
    const failure = failed(attempt);
    const outcome: Outcome =
      how === "dead" || (how === "retry" && attempt === attempts)
        ? { kind: "dead", failure }
        : how === "retry"
          ? { kind: "retry", afterMs: 1_000, failure }
          : how === "released"
            ? { kind: how, afterMs: 1_000 }
            : { kind: how };
    const claimed = { event, attempt, ...delivery };
    const action = await this.bench.settle(claimed, outcome);
    if (action.kind === "delete") this.ended(event.id, this.#isDead(event.id));
  }

  ended(id: string, dead: boolean): void {
    expect(this.#isDead(id)).toBe(dead);
    this.over.set(id, dead ? "dead" : "done");
  }

  #isDead(id: string): boolean {
    return [...this.bench.deadLetters.values()].some(({ event }) => event.id === id);
  }

  check(): void {
    const now = this.bench.clock.now();
    const live = [...this.runs].filter(({ leaseUntil }) => leaseUntil > now).map(({ delivery }) => delivery.event.id);
    expect(new Set(live).size).toBe(live.length);
    const { ordered, concurrency } = this.bench.record;
    if (ordered !== undefined) {
      for (const key of ["a", "b"]) {
        const underWay = [...this.begun].filter((id) => keyOf(id) === key && !this.over.has(id));
        expect(underWay.length).toBeLessThanOrEqual(1);
      }
    }
    if (concurrency === 1) expect(live.length).toBeLessThanOrEqual(1);
  }

  /** Opens what is there until all is over. */
  async finish(): Promise<void> {
    for (let turn = 0; this.over.size < ids.length && turn < 100; turn += 1) {
      await this.bench.clock.advance(leaseMs);
      for (const id of ids) if (!this.over.has(id)) await this.open(id);
      for (const run of this.runs) if (run.leaseUntil > this.bench.clock.now()) await this.end(run.delivery, "done");
      this.runs.clear();
      this.check();
    }
    expect(this.over.size).toBe(ids.length);
  }
}

const settings: [string, Partial<SubscriptionRecord>][] = [
  ["plain", {}],
  ["ordered", { ordered: "data.key" }],
  ["one at a time", { concurrency: 1 }],
  ["ordered, one at a time", { ordered: "data.key", concurrency: 1 }],
];

describeDynamo("whatever many processes do at once", () => {
  const dynamo = dynamoForFile();

  test.each(settings)("%s: at most one live run, one end, all ends, no lock left over", async (_, record) => {
    await fc.assert(
      fc.asyncProperty(fc.array(moment, { minLength: 3, maxLength: 12 }), async (moments) => {
        const workers = new Workers(await Bench.make(dynamo(), { ...record, attempts }));
        for (const { steps, advance } of moments) {
          await Promise.all(steps.map((one) => workers.step(one)));
          workers.check();
          await workers.bench.clock.advance(advance);
        }
        await workers.finish();
        const { bench } = workers;
        const deadLetters = [...bench.deadLetters.values()].map(({ event }) => event.id);
        expect(new Set(deadLetters).size).toBe(deadLetters.length);
        const states = Object.entries(await bench.rows()).filter(([pk]) => !pk.startsWith("lock:"));
        expect(Object.fromEntries(states.map(([pk, row]) => [pk.split("#")[1], row.state?.S]))).toEqual(
          Object.fromEntries(workers.over),
        );
      }),
      { numRuns: 40 },
    );
  });
});
