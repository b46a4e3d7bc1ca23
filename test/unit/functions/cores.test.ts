import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { outcomeOf } from "../../../functions/foreman/progress.ts";
import { type Contribution, Graph } from "../../../functions/librarian/graph.ts";
import { plan } from "../../../functions/planner/plan.ts";
import { type Claim, findHolder } from "../../../functions/readers/conflict.ts";

describe("plan", () => {
  const document = fc.record({ path: fc.string({ minLength: 1 }), digest: fc.string() });

  test("assigns one task per document to three readers in turn, whatever the order of the documents", () => {
    fc.assert(
      fc.property(fc.uniqueArray(document, { selector: ({ path }) => path }), (documents) => {
        const tasks = plan(documents);
        expect(plan(documents.toReversed())).toEqual(tasks);
        expect(new Set(tasks.map(({ taskId }) => taskId)).size).toBe(documents.length);
        expect(tasks.map(({ agentId }) => agentId)).toEqual(documents.map((_, index) => `reader-${(index % 3) + 1}`));
      }),
    );
  });

  test("creates another task for changed content", () => {
    const [before] = plan([{ path: "a.md", digest: "1" }]);
    const [after] = plan([{ path: "a.md", digest: "2" }]);
    expect(before?.taskId).not.toBe(after?.taskId);
  });
});

describe("findHolder", () => {
  const claim = (taskId: string, read = false): Claim => ({
    taskId,
    agentId: `agent-of-${taskId}`,
    path: taskId,
    read,
  });
  const stands = async () => true;

  test("returns no holder for exactly one of several readers of a content", async () => {
    const claims = [claim("b"), claim("a"), claim("c")];
    const holders = await Promise.all(["a", "b", "c"].map((task) => findHolder(task, claims, stands)));
    expect(holders.map((holder) => holder?.taskId)).toEqual(["b", undefined, "b"]);
  });

  test("ignores a claim that is no longer valid, unless its content has been read", async () => {
    const moved = async () => false;
    expect(await findHolder("b", [claim("a"), claim("b")], moved)).toBeUndefined();
    expect((await findHolder("b", [claim("a", true), claim("b")], moved))?.taskId).toBe("a");
  });

  test("returns any valid claim for a task without a claim of its own", async () => {
    expect((await findHolder("x", [claim("a")], stands))?.taskId).toBe("a");
    expect(await findHolder("x", [], stands)).toBeUndefined();
  });
});

describe("outcomeOf", () => {
  const done = (taskId: string, result = {}) => ({ taskId, result: { path: "a", ...result } });

  test("returns the outcome once every task has ended, even if one is reported several times", () => {
    expect(outcomeOf(2, [done("a"), done("a")])).toBeUndefined();
    expect(outcomeOf(2, [done("a"), done("a"), done("b", { gaveWayTo: "a" })])).toEqual({
      documents: 2,
      read: 1,
      gaveWay: 1,
    });
  });

  test("ignores data that is not a task", () => {
    expect(outcomeOf(1, [null, {}, { taskId: 7 }])).toBeUndefined();
  });
});

describe("Graph", () => {
  const contribution = fc.record({
    document: fc.constantFrom("a", "b", "c"),
    entities: fc.array(fc.constantFrom("x", "y", "z")),
    relationships: fc.array(fc.constantFrom("a names x", "b names y", "c names z")),
  });

  test("preview returns what put adds and removes, compared with a rebuilt graph", () => {
    fc.assert(
      fc.property(fc.array(contribution), contribution, (earlier, next) => {
        const graph = new Graph();
        for (const one of earlier) graph.put(one);
        const before = contents(earlier);
        const after = contents([...earlier, next]);
        expect(graph.preview(next)).toEqual({
          added: [...after].filter((one) => !before.has(one)).length,
          removed: [...before].filter((one) => !after.has(one)).length,
        });
      }),
    );
  });

  /** The entities of all documents, and the relationships of each, from its latest contribution. */
  function contents(contributions: readonly Contribution[]): Set<string> {
    const latest = new Map(contributions.map((one) => [one.document, one]));
    return new Set(
      [...latest.values()].flatMap(({ document, entities, relationships }) => [
        ...entities.map((name) => `entity ${name}`),
        ...relationships.map((one) => `relationship of ${document}: ${one}`),
      ]),
    );
  }
});
