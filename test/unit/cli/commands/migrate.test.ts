import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { workspace } from "../test-io.ts";

/** A bus in the default file with something to move. */
async function filled() {
  const here = workspace();
  await here.bus(async (bus) => {
    await (await bus.subscribe({ name: "waiting", on: "custom.*" }, () => {})).close();
    for (let n = 0; n < 3; n += 1) await bus.publish({ type: "custom.said", data: { n } });
  });
  return { ...here, to: ["--to", "embedded", "--to-file", "moved.db"] };
}

test("a dry run counts by kind, and makes nothing but an empty target", async () => {
  const { waggle, to } = await filled();
  const { code, out } = await waggle(["migrate", ...to, "--dry-run"]);
  expect(code).toBe(0);
  expect(out).toMatch(/events of history +3\n/);
  expect(out).toMatch(/subscriptions +1\n/);
  expect(out).toMatch(/deliveries not made yet +3\n/);
  expect(out).toMatch(/dry run: 7 items would be moved\n$/);
  expect((await waggle(["history", "--json", "--file", "moved.db"])).json).toEqual([]);
});

test("it moves, verifies and says so; a second time it changes nothing", async () => {
  const { waggle, to } = await filled();
  const { code, out } = await waggle(["migrate", ...to]);
  expect(out).toMatch(/events of history +3 +3 {2}[0-9a-f]{16}\n/);
  expect(out).toMatch(/moved and verified: 7 items\n$/);
  expect(code).toBe(0);
  const moved = (await waggle(["history", "--json", "--file", "moved.db"])).json;
  expect(moved.map(({ type }) => type)).toEqual([
    "custom.waggle.migrated",
    "custom.said",
    "custom.said",
    "custom.said",
  ]);
  const again = await waggle(["migrate", ...to, "--json"]);
  expect(again.json).toMatchObject([
    { movedBefore: expect.any(String), source: { events: 3 }, verified: {}, lost: [] },
  ]);
});

test("without a target it is a usage error, and without a source nothing is made", async () => {
  const { cwd, waggle } = workspace();
  expect((await waggle(["migrate"])).code).toBe(2);
  const { code, err } = await waggle(["migrate", "--to", "embedded", "--to-file", "moved.db"]);
  expect([code, err]).toEqual([1, expect.stringContaining("nothing is recorded yet")]);
  expect(existsSync(join(cwd, "moved.db"))).toBe(false);
});

test("on a terminal a bar shows how far it is", async () => {
  const { waggle, to } = await filled();
  let now = 0;
  const { code, err } = await waggle(["migrate", ...to], { tty: true, now: () => (now += 300) });
  expect(code).toBe(0);
  expect(err).toMatch(/count: deliveries 7/);
  expect(err).toMatch(/█ 100% copy: deliveries 7/);
  expect(err).toMatch(/100% verify: deliveries 14/);
});
