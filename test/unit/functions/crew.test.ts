import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Event, Handler } from "wagglebus";
import { type TestBus, testBus } from "wagglebus/testing";
import { digestOf } from "../../../functions/_shared/document.ts";
import extractor from "../../../functions/extractor/handler.ts";
import extractorSubscription from "../../../functions/extractor/subscription.ts";
import foreman from "../../../functions/foreman/handler.ts";
import foremanSubscription from "../../../functions/foreman/subscription.ts";
import librarian from "../../../functions/librarian/handler.ts";
import librarianSubscription from "../../../functions/librarian/subscription.ts";
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

const types = (bus: TestBus) => bus.published.map(({ type }) => type);
const countOf = (bus: TestBus, type: string) => types(bus).filter((one) => one === type).length;
const dataOf = (bus: TestBus, type: string) =>
  bus.published.filter((event) => event.type === type).map(({ data }) => data);

describe("the crew", () => {
  let bus: TestBus;
  beforeEach(async () => {
    bus = testBus();
    await subscribeCrew(bus);
  });

  test("reads every document, extracts its entities and completes the workflow last", async () => {
    await announce(bus, "w1", folder, {
      "a.md": "# Hives\n\nSee [the other](b.md).",
      "b.md": "# Dances\n\n`waggle` it.",
    });
    await bus.drain();
    expect(countOf(bus, "task.assigned")).toBe(2);
    expect(countOf(bus, "memory.created")).toBe(2);
    expect(countOf(bus, "knowledge_graph.updated")).toBe(2);
    expect(dataOf(bus, "workflow.completed")).toEqual([
      expect.objectContaining({ workflowId: "w1", output: { documents: 2, read: 2, gaveWay: 0 } }),
    ]);
    const flow = await bus.history.flow("w1");
    expect(flow.status).toBe("completed");
    expect(flow.roots).toHaveLength(1);
  });

  test("lets the later of two readers of a content yield, whichever runs first", async () => {
    await announce(bus, "w1", folder, { "a.md": "# Same", "b.md": "# Other", "c.md": "# Same" });
    await bus.drain();
    expect(countOf(bus, "memory.created")).toBe(2);
    expect(dataOf(bus, "task.conflict.detected")).toEqual([
      expect.objectContaining({
        resource: join(folder, "c.md"),
        agentIds: ["reader-1", "reader-3"],
        resolution: `reader-3 yields: reader-1 has the same content as ${join(folder, "a.md")}`,
      }),
    ]);
    expect(dataOf(bus, "workflow.completed")).toEqual([
      expect.objectContaining({ output: { documents: 3, read: 2, gaveWay: 1 } }),
    ]);
  });

  test("does not read a content again that an earlier workflow has read", async () => {
    await announce(bus, "w1", folder, { "a.md": "# Same" });
    await bus.drain();
    await announce(bus, "w2", folder, { "b.md": "# Same" });
    await bus.drain();
    expect(countOf(bus, "memory.created")).toBe(1);
    expect(countOf(bus, "task.conflict.detected")).toBe(1);
  });

  test("reads a renamed file under its new name, and dead-letters the old one", async () => {
    const late = testBus();
    await late.subscribe(plannerSubscription, planner);
    await announce(late, "w1", folder, { "a.md": "# Same" });
    await late.drain();
    await rm(join(folder, "a.md"));
    await announce(late, "w2", folder, { "b.md": "# Same" });
    await late.drain();
    await late.subscribe({ ...readersSubscription, from: "beginning" }, reader);
    await late.drain();
    expect(dataOf(late, "memory.created")).toEqual([
      expect.objectContaining({ filters: expect.objectContaining({ path: join(folder, "b.md") }) }),
    ]);
    const { deadLetters } = await late.deadLetters.list();
    expect(deadLetters.map(({ reason }) => reason.message)).toEqual([expect.stringContaining("a.md no longer exists")]);
  });

  test("dead-letters a broken document at once with the fix, and reads it when it is fixed and redriven", async () => {
    await announce(bus, "w1", folder, { "good.md": "# Good", "calls.jsonl": '{"a":1}\n{"b":' });
    await bus.drain();
    const { deadLetters } = await bus.deadLetters.list();
    expect(deadLetters).toHaveLength(1);
    const [letter] = deadLetters;
    expect(letter?.subscription).toBe("readers");
    expect(letter?.attempts).toBe(1);
    expect(letter?.reason.code).toBe("non_retriable");
    expect(letter?.reason.message).toMatch(/calls\.jsonl: line 2 is not JSON .*fix it, then redrive/);
    expect(countOf(bus, "workflow.completed")).toBe(0);

    await writeFile(join(folder, "calls.jsonl"), '{"a":1}\n{"b":2}\n');
    await bus.deadLetters.redrive(letter?.id ?? "");
    await bus.drain();
    expect((await bus.deadLetters.list()).deadLetters).toEqual([]);
    expect(dataOf(bus, "workflow.completed")).toEqual([
      expect.objectContaining({ output: { documents: 2, read: 2, gaveWay: 0 } }),
    ]);
    expect(dataOf(bus, "task.completed")).toContainEqual(
      expect.objectContaining({ result: expect.objectContaining({ digest: digestOf('{"a":1}\n{"b":2}\n') }) }),
    );
  });

  test("replaces the entities of a changed document in the graph", async () => {
    await announce(bus, "w1", folder, { "a.md": "`old_name` and `kept_name`" });
    await bus.drain();
    await announce(bus, "w2", folder, { "a.md": "`new_name` and `kept_name`" });
    await bus.drain();
    // The document, two identifiers and two relationships are added first; then one of each is added and one removed.
    expect(dataOf(bus, "knowledge_graph.updated")).toEqual([
      expect.objectContaining({ added: 5, removed: 0 }),
      expect.objectContaining({ added: 2, removed: 2 }),
    ]);
  });

  test("publishes nothing new if a function is killed after publishing and retried", async () => {
    const again = testBus();
    const dying =
      <E extends Event>(handler: Handler<E>): Handler<E> =>
      async (event, context) => {
        await handler(event, context);
        if (context.attempt === 1) throw new Error("died before it was done");
      };
    await again.subscribe(plannerSubscription, dying(planner));
    await again.subscribe(readersSubscription, dying(reader));
    await again.subscribe(extractorSubscription, dying(extractor));
    await again.subscribe(librarianSubscription, dying(librarian));
    await again.subscribe(foremanSubscription, dying(foreman));
    await announce(again, "w1", folder, { "a.md": "# Same", "b.md": "# Other", "c.md": "# Same" });
    await again.drain();
    expect((await again.deadLetters.list()).deadLetters).toEqual([]);
    expect(types(again).toSorted()).toEqual(
      [
        ["workflow.started"],
        ...["a", "b", "c"].map(() => ["task.created", "task.assigned", "task.completed"]),
        ...["a", "b"].map(() => ["memory.created", "memory.entity.extracted", "knowledge_graph.updated"]),
        ["task.conflict.detected", "workflow.completed"],
      ]
        .flat()
        .toSorted(),
    );
  });

  test("ignores a workflow of another kind", async () => {
    await bus.emit.workflow.started({ workflowId: "x", name: "deploy", input: { documents: [{ path: "a.md" }] } });
    await bus.drain();
    expect(types(bus)).toEqual(["workflow.started"]);
  });
});
