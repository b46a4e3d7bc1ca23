import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { workspace } from "../unit/cli/test-io.ts";

// After Ctrl-C in the middle of its input, `waggle publish` printed "✓ 28,672 events published".
test("an interrupted publish reports that it was interrupted", async () => {
  const stdin = new PassThrough();
  const run = workspace().start(["publish"], { stdin });
  stdin.write('{"type":"custom.seen","data":{}}\n{"type":"task.nothing","data":{}}\n');
  await run.stderr.holds("stdin:2:");
  run.interrupt();
  const { code, out } = await run.ended;
  expect(out).toMatch(/^✗ 1 event published, 1 failed, interrupted in /);
  expect(code).toBe(130);
});
