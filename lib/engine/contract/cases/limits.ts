import { expect } from "vitest";
import type { Handler } from "../../../delivery/handler.ts";
import type { Event } from "../../../event/event.ts";
import type { ContractCase } from "../case.ts";
import type { CaseContext } from "../context.ts";

const nameOf = (event: Event): string => Object(event.data).name;

interface Run {
  readonly name: string;
  readonly at: number;
  readonly attempt: number;
}

/** A handler that notes its runs. */
function noting(runs: Run[]): Handler {
  return (event, { attempt }) => void runs.push({ name: nameOf(event), at: Date.now(), attempt });
}

/** Expects of runs in their order that each begins at least this long after the one `limit` before it, jitter left out. */
function spaced(t: CaseContext, times: readonly number[], limit: number, perMs: number): void {
  for (const [index, at] of times.entries()) {
    const later = times[index + limit];
    if (later !== undefined) expect(later - at).toBeGreaterThan(t.ms(perMs / 2));
  }
}

export const limitCases: readonly ContractCase[] = [
  {
    title: "throttle: no more attempts begin in a span than its limit, retries counted, and all are made in the end",
    needs: ["local-consumers"],
    run: async (t) => {
      const times: number[] = [];
      await t.consumeWith("throttled", (event, { attempt }) => {
        times.push(Date.now());
        if (nameOf(event) === "fails once" && attempt === 1) throw new Error("once more");
      });
      const names = ["fails once", "b", "c", "d"];
      for (const name of names) await t.publish("custom.contract.throttled", { data: { name } });
      await t.quiet();
      expect(times).toHaveLength(5);
      spaced(t, times, 2, 200);
      await t.counted({ delivered: 4, failed: 1, retried: 1 });
      // The last to begin may have taken the last slot of its span.
      await t.eventually("nothing is held up", async () => (await t.bus.metrics()).throttled === 0);
    },
  },
  {
    title: "throttle with a key: what has to wait is given back uncounted, and holds its place in its key",
    needs: ["local-consumers", "ordered-backlog"],
    run: async (t) => {
      const runs: Run[] = [];
      await t.consumeWith("throttled-by-key", noting(runs));
      const names = ["a1", "a2", "a3"];
      for (const name of names) await t.publishInTurn("custom.contract.throttled_by_key", { data: { key: "a", name } });
      await t.quiet();
      expect(runs.map(({ attempt, name }) => [name, attempt])).toEqual(names.map((name) => [name, 1]));
      spaced(
        t,
        runs.map(({ at }) => at),
        1,
        250,
      );
      await t.counted({ delivered: 3, failed: 0, retried: 0 });
    },
  },
  {
    title: "throttle with a key: what has to wait holds up no other key",
    needs: ["local-consumers", "keys-apart"],
    run: async (t) => {
      const runs: Run[] = [];
      await t.consumeWith("throttled-by-key", noting(runs));
      const type = "custom.contract.throttled_by_key";
      for (const name of ["a1", "a2", "a3"]) await t.publish(type, { data: { key: "a", name } });
      const before = Date.now();
      for (const key of ["b", "c", "d"]) await t.publish(type, { data: { key, name: key } });
      await t.quiet();
      expect(runs.every(({ attempt }) => attempt === 1)).toBe(true);
      const ofA = runs.filter(({ name }) => name.startsWith("a"));
      spaced(
        t,
        ofA.map(({ at }) => at),
        1,
        250,
      );
      const others = runs.filter(({ name }) => !name.startsWith("a"));
      expect(others.map(({ name }) => name).toSorted()).toEqual(["b", "c", "d"]);
      // Not one after another: they do not wait for the key that waits.
      expect(Math.max(...others.map(({ at }) => at)) - before).toBeLessThan(t.ms(5_000));
      await t.counted({ delivered: 6, failed: 0, retried: 0 });
    },
  },
  {
    title:
      "concurrencyPerKey: no more run at once of a key than its limit, other keys go on, and all are run in the end",
    needs: ["local-consumers", "parallel-runs"],
    run: async (t) => {
      const gate = t.gate();
      await t.consume("one-per-key");
      const type = "custom.contract.one_per_key";
      const script = { "*": [{ do: "wait" as const, gate }] };
      for (let n = 0; n < 4; n += 1) await t.publish(type, { data: { key: "a" }, script });
      await t.reported({ phase: "started" });
      const other = await t.publish(type, { data: { key: "b" } });
      await t.handled(other, "one-per-key");
      expect(await t.reports({ phase: "started" })).toHaveLength(2);
      await t.open(gate);
      const reports = await t.quiet();
      expect(reports.filter(({ phase }) => phase === "done")).toHaveLength(5);
      let running = 0;
      for (const { phase, eventId } of reports) {
        if (eventId === other.id) continue;
        running += phase === "started" ? 1 : -1;
        expect(running).toBeLessThanOrEqual(1);
      }
      expect(reports.every(({ attempt }) => attempt === 1)).toBe(true);
    },
  },
];
