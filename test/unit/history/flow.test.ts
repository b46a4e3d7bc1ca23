import fc from "fast-check";
import { expect, test } from "vitest";
import { BusError } from "../../../lib/error/bus-error.ts";
import { buildFlow, type FlowNode, readFlow } from "../../../lib/history/flow.ts";
import { turn } from "../../../lib/testing/manual-clock.ts";
import { aRecord } from "../../support/a-record.ts";
import { anEvent } from "../../support/an-event.ts";
import { FakeEngine, type PortMethod } from "../../support/fake-engine.ts";

const caused = (id: string, causationId?: string, time = "2026-01-01T00:00:00.000Z") =>
  anEvent({ id, time, metadata: { correlationId: "flow", ...(causationId === undefined ? {} : { causationId }) } });

type Tree = { [id: string]: Tree };
const shape = (nodes: readonly FlowNode[]): Tree =>
  Object.fromEntries(nodes.map(({ event, children }) => [event.id, shape(children)]));

const tree = (...events: ReturnType<typeof caused>[]) =>
  shape(buildFlow("flow", events, { pending: [], deadLetters: [] }).roots);

test("children stand below their cause, in order of acceptance", () => {
  expect(tree(caused("a"), caused("b", "a"), caused("c", "b"), caused("d", "a"))).toEqual({
    a: { b: { c: {} }, d: {} },
  });
});

test("a child accepted before its cause stands below it all the same", () => {
  expect(tree(caused("b", "a"), caused("a"))).toEqual({ a: { b: {} } });
});

test("an event whose cause is not in the flow is a root", () => {
  expect(tree(caused("a", "elsewhere"), caused("b", "a"), caused("c"))).toEqual({ a: { b: {} }, c: {} });
});

test("a ring of causes is cut, and no event of it is hidden", () => {
  expect(tree(caused("a", "a"))).toEqual({ a: {} });
  expect(tree(caused("a", "c"), caused("b", "a"), caused("c", "b"))).toEqual({ a: { b: { c: {} } } });
  expect(tree(caused("x", "a"), caused("a", "b"), caused("b", "a"))).toEqual({ a: { x: {}, b: {} } });
});

test("whatever the causes say, each event is there once", () => {
  const ids = ["a", "b", "c", "d", "e", "f"];
  const causes = fc.array(fc.option(fc.constantFrom(...ids, "elsewhere"), { nil: undefined }), {
    minLength: 6,
    maxLength: 6,
  });
  fc.assert(
    fc.property(causes, (given) => {
      const events = ids.map((id, index) => caused(id, given[index]));
      const seen: string[] = [];
      const walk = (nodes: readonly FlowNode[]): void => {
        for (const { event, children } of nodes) {
          seen.push(event.id);
          walk(children);
        }
      };
      walk(buildFlow("flow", events, { pending: [], deadLetters: [] }).roots);
      expect(seen.toSorted()).toEqual(ids);
    }),
    { numRuns: 1_000 },
  );
});

test("the times are the first and the last that the events name, in whatever order they came", () => {
  const flow = buildFlow(
    "flow",
    [
      caused("a", undefined, "2026-01-01T00:00:02.000Z"),
      caused("b", "a", "2026-01-01T00:00:01.000Z"),
      caused("c", "a", "2026-01-01T00:00:05.500Z"),
    ],
    { pending: [], deadLetters: [] },
  );
  expect(flow).toMatchObject({
    startedAt: "2026-01-01T00:00:01.000Z",
    lastAt: "2026-01-01T00:00:05.500Z",
    durationMs: 4_500,
    size: 3,
  });
});

test("running while something is under way, then failed if something is dead, else completed", () => {
  const pending = [{ subscription: "s", eventId: "a", type: "task.created", state: "waiting", attempts: 0 } as const];
  const reason = { code: "timeout", message: "late", at: "2026-01-01T00:00:00.000Z", attempt: 1 } as const;
  const dead = [
    { id: "d", event: caused("a"), reason, attempts: 1, failures: [], acceptedAt: reason.at, deadAt: reason.at },
  ];
  expect(buildFlow("flow", [caused("a")], { pending, deadLetters: dead }).status).toBe("running");
  expect(buildFlow("flow", [caused("a")], { pending: [], deadLetters: dead }).status).toBe("failed");
  expect(buildFlow("flow", [caused("a")], { pending: [], deadLetters: [] }).status).toBe("completed");
});

/** An engine with a flow of so many events, one dead letter a thousand of them. */
async function withFlow(engine: FakeEngine, size: number): Promise<FakeEngine> {
  for (let n = 0; n < size; n += 1) {
    const event = caused(`event-${n}`, n === 0 ? undefined : "event-0");
    await engine.log.append({ event, ownId: false, history: true, inHandler: false });
  }
  await engine.log.append({ event: anEvent({ id: "alone" }), ownId: false, history: true, inHandler: false });
  return engine;
}

const reason = { code: "timeout", message: "late", at: "2026-01-01T00:00:00.000Z", attempt: 1 } as const;
const deadLetter = (id: string) => ({
  id,
  event: caused("event-0"),
  reason,
  attempts: 1,
  failures: [reason],
  acceptedAt: reason.at,
  deadAt: reason.at,
});

test.each([
  ["an engine that has flows", new FakeEngine()],
  ["queries, page by page", new FakeEngine({ without: ["log.flow"] })],
])("read by %s, a flow is whole and in order", async (_, engine) => {
  await withFlow(engine, 2_100);
  for (let n = 0; n < 1_001; n += 1) await engine.deadLetters.put(deadLetter(`dead-${String(n).padStart(4, "0")}`));
  const flow = await readFlow(engine, "flow");
  expect(flow).toMatchObject({ id: "flow", size: 2_100, status: "failed", deadLetters: { length: 1_001 } });
  expect(flow.roots[0]?.children.map(({ event }) => event.id)).toEqual(
    Array.from({ length: 2_099 }, (_, n) => `event-${n + 1}`),
  );
});

test("the id of any of its events finds a flow; what is neither is not found", async () => {
  const engine = await withFlow(new FakeEngine(), 3);
  expect(await readFlow(engine, "event-2")).toMatchObject({ id: "flow", size: 3 });
  await expect(readFlow(engine, "no-such-flow")).rejects.toMatchObject({ code: "not_found" });
});

test("what ends while a flow is read has its events in it: deliveries are asked for first", async () => {
  const engine = await withFlow(new FakeEngine(), 1);
  await engine.subscriptions.put(aRecord(), { ephemeral: false });
  await engine.log.append({ event: caused("event-1"), ownId: false, history: true, inHandler: false });
  const hold = engine.hold("deliveries.pending");
  const reading = readFlow(engine, "flow");
  await turn();
  // The delivery that is told to be under way publishes, and ends.
  await engine.log.append({ event: caused("event-2", "event-1"), ownId: false, history: true, inHandler: false });
  hold.end();
  hold.calls[0]?.release();
  expect(await reading).toMatchObject({ size: 3, status: "running", pending: [{ eventId: "event-1" }] });
});

test("each event has the deliveries that have ended, and none of another event", async () => {
  const engine = await withFlow(new FakeEngine(), 0);
  await engine.subscriptions.put(aRecord(), { ephemeral: false });
  const append = (id: string, cause?: string) =>
    engine.log.append({ event: caused(id, cause), ownId: false, history: true, inHandler: false });
  await append("event-1");
  await append("event-2", "event-1");
  const taken = engine.deliveries.consume("one", {
    capacity: () => 1,
    deliver: (delivery) => void engine.deliveries.settle(delivery, { kind: "done" }),
    expired: () => {},
  });
  taken.wake();
  await turn();
  const { roots } = await readFlow(engine, "flow");
  const ended = (eventId: string) => [{ subscription: "one", eventId, outcome: "done", attempts: 1 }];
  expect(roots).toMatchObject([
    { deliveries: ended("event-1"), children: [{ deliveries: ended("event-2"), children: [] }] },
  ]);
});

test("an engine that does not record how deliveries ended gives a flow without it", async () => {
  const engine = await withFlow(new FakeEngine({ without: ["deliveries.ended"] }), 1);
  expect((await readFlow(engine, "flow")).roots[0]).not.toHaveProperty("deliveries");
});

test("an engine that cannot tell what is under way gives a flow without it", async () => {
  const engine = await withFlow(new FakeEngine({ without: ["deliveries.pending"] }), 1);
  expect(await readFlow(engine, "flow")).toMatchObject({ pending: [], status: "completed" });
});

test.each<[PortMethod, FakeEngine]>([
  ["deliveries.pending", new FakeEngine()],
  ["deliveries.ended", new FakeEngine()],
  ["deadLetters.list", new FakeEngine()],
  ["log.flow", new FakeEngine()],
  ["log.query", new FakeEngine({ without: ["log.flow"] })],
])("where %s fails, so does reading a flow", async (method, engine) => {
  const down = new BusError("unavailable", "the store is down");
  engine.fail(method, down);
  await expect(readFlow(engine, "flow")).rejects.toBe(down);
});
