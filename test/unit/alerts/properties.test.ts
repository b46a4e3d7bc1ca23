import fc from "fast-check";
import { expect, test } from "vitest";
import type { Alert, AlertRule } from "../../../lib/alerts/index.ts";
import { eventOf, type Given, monitorOf, start, subscriptionOf } from "./monitor.ts";

const rules: AlertRule[] = [
  { kind: "slow-flow" },
  { kind: "stuck-flow", after: "30s" },
  { kind: "no-result", on: ["task.completed"] },
  { kind: "rate-spike", over: 2 },
  { kind: "failures", over: 1 },
  { kind: "silence", after: "20s" },
  { kind: "backlog" },
  { kind: "dead-letters" },
  { kind: "cost", limit: 3, per: "flow" },
  { kind: "loop", repeats: 3 },
];

const types = ["task.started", "task.completed", "task.failed", "agent.heartbeat", "agent.stopped", "custom.a"];
const event: fc.Arbitrary<Given> = fc.record({
  type: fc.constantFrom(...types),
  at: fc.integer({ min: 0, max: 900_000 }),
  flow: fc.constantFrom("f-1", "f-2", "f-3"),
  agent: fc.constantFrom("a-1", "a-2"),
  data: fc.constantFrom({}, { result: "r" }, { cost: 2 }),
});
const step = fc.oneof(
  { weight: 5, arbitrary: event },
  fc.record({ advance: fc.integer({ min: 0, max: 1_800_000 }) }),
  fc.record({ oldestAgeMs: fc.constantFrom(0, 1_000_000), deadLetters: fc.integer({ min: 0, max: 1 }) }),
);

test("no alert is raised twice without an end between, and none ends that was not raised", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
      const monitor = monitorOf(...rules);
      const active = new Set<string>();
      const ids = new Set<string>();
      for (const given of steps) {
        const alerts =
          "type" in given
            ? monitor.observe(eventOf(given))
            : "advance" in given
              ? monitor.advance(start + given.advance)
              : monitor.measure([subscriptionOf("s", given)], start);
        for (const { alert, subject, state, key } of alerts) {
          const name = `${alert} ${subject}`;
          expect(active.has(name)).toBe(state === "cleared");
          if (state === "raised") active.add(name);
          else active.delete(name);
          const id = `${name} ${state} ${key}`;
          expect(ids.has(id)).toBe(false);
          ids.add(id);
        }
      }
      expect(
        monitor
          .active()
          .map(({ alert, subject }) => `${alert} ${subject}`)
          .toSorted(),
      ).toEqual([...active].toSorted());
    }),
  );
});

test("the order in which the events of a flow come does not change what is raised by its duration, cost and loops", () => {
  const inAnyOrder: AlertRule[] = [
    { kind: "slow-flow" },
    { kind: "cost", limit: 3, per: "flow" },
    { kind: "loop", repeats: 3 },
  ];
  const raised = (events: readonly Given[]) => {
    const monitor = monitorOf(...inAnyOrder);
    // The time stands still before all of them: which timer is due depends on the order that is permuted.
    monitor.advance(start + 10_000_000);
    const alerts = events.flatMap((one) => monitor.observe(eventOf(one)));
    return new Set(
      alerts.filter(({ state }: Alert) => state === "raised").map(({ alert, subject }) => `${alert} ${subject}`),
    );
  };
  // An end makes what comes after it late: only a flow that is open says the same in any order.
  const opens = fc.constantFrom("task.started", "custom.a", "custom.b");
  const open = fc.array(
    fc.tuple(event, opens).map(([one, type]) => ({ ...one, type, flow: "f-1" })),
    { maxLength: 12 },
  );
  fc.assert(
    fc.property(
      open.chain((events) => fc.tuple(fc.constant(events), fc.shuffledSubarray(events, { minLength: events.length }))),
      ([events, shuffled]) => {
        expect(raised(shuffled)).toEqual(raised(events));
      },
    ),
  );
});
