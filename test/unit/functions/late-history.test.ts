import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Event } from "wagglebus";
import { type TestBus, testBus } from "wagglebus/testing";
import { digestOf } from "../../../functions/_shared/document.ts";
import foreman from "../../../functions/foreman/handler.ts";
import foremanSubscription from "../../../functions/foreman/subscription.ts";
import planner from "../../../functions/planner/handler.ts";
import plannerSubscription from "../../../functions/planner/subscription.ts";
import reader from "../../../functions/readers/handler.ts";
import readersSubscription from "../../../functions/readers/subscription.ts";
import { announce, subscribeCrew } from "../../support/crew.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

let folder = "";
let remove = async () => {};
beforeEach(async () => {
  ({ path: folder, remove } = await temporaryDirectory());
});
afterEach(() => remove());

/** The history of an engine that records separately from delivering: each event is visible after its own delay. */
function recordLate(bus: TestBus, lagMs: (event: Event) => number): void {
  const { get, query } = bus.history;
  const isThere = (event: Event) => Date.parse(event.time) + lagMs(event) <= bus.clock.now();
  vi.spyOn(bus.history, "get").mockImplementation(async (id) => {
    const event = await get(id);
    return event !== undefined && isThere(event) ? event : undefined;
  });
  vi.spyOn(bus.history, "query").mockImplementation(async (wanted) => {
    const page = await query(wanted);
    return { ...page, events: page.events.filter(isThere) };
  });
}

const ofType = (bus: TestBus, type: string) => bus.published.filter((event) => event.type === type);

async function deathsOf(bus: TestBus): Promise<string[]> {
  const { deadLetters } = await bus.deadLetters.list();
  return deadLetters.map(({ subscription, reason }) => `${subscription}: ${reason.message}`);
}

/** A workflow and its tasks, as publishers outside the crew publish them. */
async function flowByHand(bus: TestBus, options: { started?: Event; tasks: readonly string[] }): Promise<void> {
  const { started } = options;
  for (const taskId of options.tasks) {
    await bus.emit.task.completed(
      { taskId, result: { path: `${taskId}.md` } },
      { metadata: { correlationId: started?.id ?? "chat-123", ...(started ? { causationId: started.id } : {}) } },
    );
  }
}

const documents = ["a.md", "b.md"].map((path) => ({ path }));

describe("if history is later than deliveries", () => {
  test("each content is read and each workflow completes once, in whatever order events are recorded", async () => {
    const lag = fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 3_000 }), fc.integer({ min: 1, max: 600_000 }));
    await fc.assert(
      fc.asyncProperty(fc.array(lag, { minLength: 1, maxLength: 20 }), async (lags) => {
        const bus = testBus();
        recordLate(bus, ({ id }) => lags[bus.published.findIndex((one) => one.id === id) % lags.length] ?? 0);
        await subscribeCrew(bus);
        const contents = { "a.md": "# Same", "b.md": "# Other", "c.md": "# Same" };
        await announce(bus, "w1", folder, contents);
        await bus.drain();
        expect(await deathsOf(bus)).toEqual([]);
        const read = ofType(bus, "memory.created").map(({ data }) => Object(data).filters.digest);
        expect(new Set(read)).toEqual(new Set(Object.values(contents).map(digestOf)));
        expect(ofType(bus, "workflow.completed").map(({ data }) => data)).toEqual([
          expect.objectContaining({ output: { documents: 3, read: read.length, gaveWay: 3 - read.length } }),
        ]);
      }),
      { numRuns: 60 },
    );
  });

  test("two runs that both see all tasks ended publish the same event", async () => {
    const bus = testBus();
    const started = await bus.emit.workflow.started({ workflowId: "w1", input: { documents } });
    await flowByHand(bus, { started, tasks: ["a"] });
    await bus.clock.advance("2s");
    await flowByHand(bus, { started, tasks: ["b"] });
    recordLate(bus, ({ type }) => (type === "workflow.completed" ? 3_600_000 : 0));
    await bus.subscribe({ ...foremanSubscription, from: "beginning" }, foreman);
    await bus.drain();
    expect(await bus.metrics()).toMatchObject({ delivered: 2, failed: 0 });
    expect(ofType(bus, "workflow.completed").map(({ data }) => data)).toEqual([
      { workflowId: "w1", output: { documents: 2, read: 2, gaveWay: 0 }, durationMs: 2_000 },
    ]);
  });

  test("exactly one of two readers reads a content, even if the other's task is recorded first", async () => {
    const bus = testBus();
    const pathOf = (event: Event) => Object(event.data).input?.path ?? "";
    recordLate(bus, (event) => (event.type === "task.assigned" && pathOf(event).endsWith("a.md") ? 100 : 0));
    await bus.subscribe(plannerSubscription, planner);
    await bus.subscribe(readersSubscription, async (event, context) => {
      // The second run comes after the first has read history, which then has its task.
      if (pathOf(event).endsWith("c.md") && context.attempt === 1) throw new Error("died before it looked");
      await reader(event, context);
    });
    await announce(bus, "w1", folder, { "a.md": "# Same", "c.md": "# Same" });
    await bus.drain();
    expect(ofType(bus, "memory.created")).toHaveLength(1);
    expect(ofType(bus, "task.conflict.detected")).toHaveLength(1);
  });

  test("a restored and redriven document is read at once, even if history no longer keeps its task", async () => {
    const bus = testBus();
    await bus.subscribe(plannerSubscription, planner);
    await announce(bus, "w1", folder, { "a.md": "# Gone" });
    await rm(join(folder, "a.md"));
    await bus.subscribe({ ...readersSubscription, from: "beginning" }, reader);
    await bus.drain();
    expect(await deathsOf(bus)).toEqual([expect.stringMatching(/a\.md no longer exists/)]);
    recordLate(bus, ({ type }) => (type === "task.assigned" ? Number.POSITIVE_INFINITY : 0));
    const before = bus.clock.now();
    await writeFile(join(folder, "a.md"), "# Gone");
    await bus.deadLetters.redrive({});
    await bus.drain();
    expect(ofType(bus, "memory.created")).toHaveLength(1);
    expect(bus.clock.now()).toBe(before);
  });

  test("a workflow completes even if its start is recorded after the end of its tasks", async () => {
    const bus = testBus();
    recordLate(bus, ({ type }) => (type === "task.completed" ? 0 : 600_000));
    const input = { documents: [{ path: "a.md" }] };
    const started = await bus.emit.workflow.started({ workflowId: "w1", input });
    const caused = (cause: Event) => ({ metadata: { correlationId: started.id, causationId: cause.id } });
    const assigned = await bus.emit.task.assigned({ taskId: "a" }, caused(started));
    await bus.subscribe(foremanSubscription, foreman);
    await bus.emit.task.completed({ taskId: "a", result: { path: "a.md" } }, caused(assigned));
    await bus.drain();
    expect(ofType(bus, "workflow.completed")).toHaveLength(1);
  });

  test("each update of the graph is compared with the previous one, recorded or not", async () => {
    const bus = testBus();
    const type = "knowledge_graph.updated";
    const lags = [0, 600_000];
    recordLate(bus, (event) => {
      return event.type === type ? (lags[ofType(bus, type).indexOf(event)] ?? 3_600_000) : 0;
    });
    await subscribeCrew(bus);
    for (const [workflow, text] of ["`one` `two`", "`two` `three`", "`three`"].entries()) {
      await announce(bus, `w${workflow}`, folder, { "a.md": text });
      await bus.drain();
    }
    const counts = () => ofType(bus, type).map(({ data }) => [Object(data).added, Object(data).removed]);
    // The document, and one entity with its relationship each.
    expect(counts()).toEqual([
      [5, 0],
      [2, 2],
      [0, 2],
    ]);
    // Now history has the second update, but not the third one yet.
    await bus.clock.advance("30m");
    await announce(bus, "w3", folder, { "a.md": "`three` `four`" });
    await bus.drain();
    expect(counts().at(-1)).toEqual([2, 0]);
  });

  test("a flow with a caller's own id is not awaited as a workflow", async () => {
    const bus = testBus();
    await bus.subscribe(foremanSubscription, foreman);
    await flowByHand(bus, { tasks: ["a"] });
    await bus.drain();
    expect(await bus.metrics()).toMatchObject({ delivered: 1, failed: 0 });
  });

  test("an event that is never recorded leads to a dead letter with that reason after more than an hour", async () => {
    const bus = testBus();
    recordLate(bus, ({ type }) => (type === "task.completed" ? Number.POSITIVE_INFINITY : 0));
    await bus.subscribe(foremanSubscription, foreman);
    const before = bus.clock.now();
    const started = await bus.emit.workflow.started({ workflowId: "w1", input: { documents } });
    await flowByHand(bus, { started, tasks: ["a"] });
    await bus.drain();
    expect(await deathsOf(bus)).toEqual([expect.stringMatching(/^foreman: task\.completed .* is not in history/)]);
    expect(bus.clock.now() - before).toBeGreaterThan(3_600_000);
  });
});
