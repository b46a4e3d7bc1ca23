import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { describe, expect, test } from "vitest";
import { workspace } from "../test-io.ts";

const task = (taskId: string) => ({ type: "task.created", data: { taskId } });
const ndjson = (...values: unknown[]) => values.map((value) => `${JSON.stringify(value)}\n`).join("");

describe("publish of one event", () => {
  test("takes type and data as arguments", async () => {
    const { waggle, bus } = workspace();
    const { code, out } = await waggle(["publish", "task.created", '{"taskId":"a"}']);
    expect(code).toBe(0);
    const [, id = ""] = /^✓ task\.created (\S+)\n$/.exec(out) ?? [];
    expect(await bus((opened) => opened.history.get(id))).toMatchObject({
      ...task("a"),
      source: "waggle-cli",
      metadata: { priority: 5, correlationId: id },
    });
  });

  test("refuses data that parsing would change", async () => {
    const { waggle } = workspace();
    const { code, err } = await waggle(["publish", "custom.paid", '{"amount":0.1234567890123456789}']);
    expect(err).toContain("data: amount is 0.1234567890123456789, which would become 0.12345678901234568; round it");
    expect(code).toBe(2);
    expect((await waggle(["publish", "custom.paid", '{"amount":1e300,"other":1e21}'])).code).toBe(0);
  });

  test("sets fields by options", async () => {
    const { waggle } = workspace();
    const options = { source: "me", id: "one", "correlation-id": "run", "agent-id": "a1", priority: "2", tag: "x" };
    const argv = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
    const { json } = await waggle(["publish", "custom.greeted", "--json", ...argv, "--time", "2026-01-31"]);
    expect(json).toEqual([
      {
        ok: true,
        event: {
          id: "one",
          type: "custom.greeted",
          source: "me",
          time: "2026-01-31T00:00:00Z",
          data: {},
          metadata: { version: 1, correlationId: "run", agentId: "a1", priority: 2, tags: ["x"] },
        },
      },
    ]);
  });

  test("reads data from a file or from stdin", async () => {
    const { waggle, cwd } = workspace();
    writeFileSync(join(cwd, "data.json"), '{ "taskId": "file" }');
    const fromFile = await waggle(["publish", "task.created", "--data", "@data.json", "--json"]);
    const fromStdin = await waggle(["publish", "task.created", "-", "--json"], { stdin: '{"taskId":"stdin"}' });
    expect([...fromFile.json, ...fromStdin.json]).toMatchObject([
      { event: { data: { taskId: "file" } } },
      { event: { data: { taskId: "stdin" } } },
    ]);
  });

  test("reports a file that does not exist", async () => {
    const { code, err } = await workspace().waggle(["publish", "task.created", "@none.json"]);
    expect(err).toBe("error: none.json cannot be read: it does not exist\n");
    expect(code).toBe(1);
  });

  test("publishes the same event for the same --dedupe key", async () => {
    const { waggle } = workspace();
    const argv = ["publish", "task.created", '{"taskId":"a"}', "--time", "2026-01-31", "--dedupe", "key", "--json"];
    const [first, again] = [await waggle(argv), await waggle(argv)];
    expect(again).toMatchObject({ code: 0, out: first.out });
  });

  test("reports a refused event on stdout with --json", async () => {
    const { code, json } = await workspace().waggle(["publish", "task.created", "--json"]);
    expect(json).toMatchObject([{ ok: false, error: { code: "invalid_event" } }]);
    expect(code).toBe(1);
  });
});

describe("publish of many events", () => {
  const mixed = `${ndjson(task("a"))}\n{oops\n${ndjson(task("b"), 7, { type: "task.creatd", data: {} })}${JSON.stringify(task("c"))}`;

  test("reports invalid lines with their number and publishes the others", async () => {
    const { waggle, bus } = workspace();
    const { code, out, err } = await waggle(["publish"], { stdin: mixed });
    expect(err.split("\n").map((line) => line.slice(0, 40))).toEqual([
      expect.stringMatching(/^stdin:3: invalid_event: not JSON: /),
      expect.stringMatching(/^stdin:5: invalid_event: the record must/),
      expect.stringMatching(/^stdin:6: unknown_type: /),
      "",
    ]);
    expect(out).toMatch(/^✗ 3 events published, 3 failed in /);
    expect(code).toBe(1);
    const { events } = await bus((opened) => opened.history.query());
    expect(events.map(({ data }) => data)).toEqual([{ taskId: "c" }, { taskId: "b" }, { taskId: "a" }]);
  });

  test("prints one line per event in order with --json", async () => {
    const { json } = await workspace().waggle(["publish", "--json"], { stdin: mixed });
    expect(json.map(({ from, line, ok }) => [from, line, ok])).toEqual([
      ["stdin", 1, true],
      ["stdin", 3, false],
      ["stdin", 4, true],
      ["stdin", 5, false],
      ["stdin", 6, false],
      ["stdin", 7, true],
    ]);
    for (const line of json)
      expect(Object.keys(line).sort().slice(0, 1)).toEqual([line.ok === true ? "event" : "error"]);
  });

  test("reads NDJSON files and arrays, and reports a file that does not exist", async () => {
    const { waggle, cwd } = workspace();
    writeFileSync(join(cwd, "a.ndjson"), ndjson(task("a"), task("b")));
    writeFileSync(join(cwd, "b.json"), JSON.stringify([task("c"), { type: "task.created", data: {} }], undefined, 2));
    const { code, out, err } = await waggle(["publish", "--from", "a.ndjson", "none.ndjson", "b.json"]);
    expect(err).toContain("error: none.ndjson cannot be read: it does not exist\n");
    expect(err).toContain("b.json:2: invalid_event: ");
    expect(out).toMatch(/^✗ 3 events published, 2 failed/);
    expect(code).toBe(1);
  });

  test("publishes the output of history unchanged, as duplicates in the same bus", async () => {
    const { waggle } = workspace();
    await waggle(["publish"], { stdin: ndjson(task("a"), task("b")) });
    const { out } = await waggle(["history", "--json"]);
    const again = await waggle(["publish"], { stdin: out });
    expect(again.out).toMatch(/^✓ 2 events published, 2 of them already stored in /);
    const elsewhere = await waggle(["publish", "--file", "other.db"], { stdin: out });
    expect(elsewhere.out).toMatch(/^✓ 2 events published in /);
    expect((await waggle(["history", "--json", "--file", "other.db"])).json).toHaveLength(2);
  });

  test("fills in missing fields from options", async () => {
    const stdin = ndjson({ ...task("a"), source: "own", metadata: { priority: 1 } }, task("b"));
    const argv = ["publish", "--json", "--source", "given", "--priority", "9", "--tag", "import"];
    const { json } = await workspace().waggle(argv, { stdin });
    expect(json).toMatchObject([
      { event: { source: "own", metadata: { priority: 1, tags: ["import"] } } },
      { event: { source: "given", metadata: { priority: 9, tags: ["import"] } } },
    ]);
  });

  test("prints a hint for an event that spans several lines", async () => {
    const { err } = await workspace().waggle(["publish"], { stdin: JSON.stringify(task("a"), undefined, 2) });
    expect(err).toContain("each line must be one event (NDJSON)");
  });

  test("publishes the line of a slow writer before the next one comes", async () => {
    const { start } = workspace();
    const stdin = new PassThrough();
    const run = start(["publish", "--json"], { stdin });
    stdin.write(ndjson(task("a")));
    await run.stdout.contains('"line":1,"ok":true');
    stdin.end(ndjson(task("b")));
    expect((await run.ended).json).toHaveLength(2);
  });

  test("reports the published events and exits 130 when interrupted", async () => {
    const { start } = workspace();
    const stdin = new PassThrough();
    const run = start(["publish", "--json"], { stdin });
    stdin.write(ndjson(task("a")));
    await run.stdout.contains('"line":1,"ok":true');
    run.interrupt();
    expect((await run.ended).code).toBe(130);
  });

  test("does not wait for stdin on a terminal", async () => {
    const { code, err } = await workspace().waggle(["publish"], { tty: true });
    expect(err).toContain("missing events; pass a type and its data");
    expect(code).toBe(2);
  });
});

describe("the progress line", () => {
  /** A clock that advances by 200 ms on each reading. */
  const slow = () => {
    let now = Date.now();
    return () => {
      now += 200;
      return now;
    };
  };
  const lines = ndjson(...Array.from({ length: 20_000 }, (_, index) => task(`t${index}`)));

  test("is drawn on a terminal and removed at the end", async () => {
    const { waggle, cwd } = workspace();
    writeFileSync(join(cwd, "long.ndjson"), lines);
    const { err } = await waggle(["publish", "--from", "long.ndjson"], { tty: true, now: slow() });
    expect(err).toMatch(/█+░* \d+% [\d,]+ events [\d,]+\/s/);
    expect(err.endsWith("\r\u001b[K")).toBe(true);
  });

  test("is not drawn without a terminal", async () => {
    const { waggle, cwd } = workspace();
    writeFileSync(join(cwd, "long.ndjson"), lines);
    expect((await waggle(["publish", "--from", "long.ndjson"], { now: slow() })).err).toBe("");
  });
});
