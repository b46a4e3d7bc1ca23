import { expect, test } from "vitest";
import { workspace } from "../test-io.ts";

test.for([
  ["embedded", []],
  ["postgres", ["--url", "postgres://127.0.0.1:9/none"]],
  ["kafka", ["--url", "127.0.0.1:9"]],
  ["http", ["--url", "http://127.0.0.1:9"]],
] as const)("on %s it says where handlers log, and opens nothing", async ([engine, more]) => {
  const { waggle } = workspace();
  const { code, err } = await waggle(["logs", "--engine", engine, ...more]);
  expect(err).toContain(`the handlers of engine ${engine} run in your own processes`);
  expect(code).toBe(1);
});

test("an event and a flow at once are a wrong command line", async () => {
  const { code, err } = await workspace().waggle(["logs", "--event", "a", "--flow", "b"]);
  expect(err).toContain("'--event' cannot be used with option '--flow'");
  expect(code).toBe(2);
});
