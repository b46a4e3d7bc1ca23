import { expect, test } from "vitest";
import { workspace } from "../test-io.ts";

test("tail shows new events and exits 0 when interrupted", async () => {
  const { start, waggle } = workspace();
  const run = start(["tail", "--type", "custom.*"], { tty: true, columns: 80 });
  await run.stderr.contains("nothing is recorded yet in .waggle/bus.db\n");
  await run.stderr.contains("waiting for events");
  await waggle(["publish"], {
    stdin: '{"type":"task.created","data":{"taskId":"a"}}\n{"type":"custom.seen","data":{"n":1}}',
  });
  await run.stdout.contains("\n");
  run.interrupt();
  const { code, out } = await run.ended;
  expect(out).toMatch(/^\d\d:\d\d:\d\d\.\d{3} {2}custom\.seen +waggle-cli +n=1\n$/);
  expect(code).toBe(0);
});

test("tail starts in the past with --since and stops at --limit", async () => {
  const { waggle } = workspace();
  const stdin = Array.from({ length: 5 }, (_, n) => `{"type":"custom.seen","data":{"n":${n}}}\n`).join("");
  await waggle(["publish"], { stdin });
  const { code, json } = await waggle(["tail", "--since", "1h", "--limit", "3", "--json"]);
  expect(json.map(({ data }) => data)).toEqual([{ n: 0 }, { n: 1 }, { n: 2 }]);
  expect(code).toBe(0);
});

test("tail exits 0 when the output is closed", async () => {
  const { start, waggle } = workspace();
  await waggle(["publish", "custom.seen"]);
  const run = start(["tail", "--since", "1h"]);
  await run.stdout.contains("custom.seen");
  run.interrupt("output-closed");
  expect((await run.ended).code).toBe(0);
});

test("tail notes a mistyped type at once", async () => {
  const { start, waggle } = workspace();
  await waggle(["publish", "custom.seen"]);
  const run = start(["tail", "--type", "task.creatd"]);
  await run.stderr.contains('did you mean "task.created"?');
  run.interrupt();
  await run.ended;
});

test("tail shows the time of day and truncates data to the width on a terminal", async () => {
  const { waggle } = workspace();
  await waggle([
    "publish",
    "custom.seen",
    '{"text":"some words that go on and on, as words do"}',
    "--time",
    "2026-01-31",
  ]);
  const { out } = await waggle(["tail", "--since", "1h", "-n", "1"], { tty: true, columns: 80 });
  expect(out).toMatch(/^00:00:00Z {2}custom\.seen {15} {2}waggle-cli {4}text="some .*…\n$/);
  expect(out.length).toBeLessThanOrEqual(81);
});
