import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { NonRetriableError } from "../../../../lib/delivery/handler-errors.ts";
import { workspace } from "../test-io.ts";

async function withBacklog() {
  const space = workspace();
  await space.bus(async (bus) => {
    const idle = await bus.subscribe({ name: "idle", on: "custom.*" }, () => {});
    await idle.close();
    await bus.subscribe({ name: "failing", on: "custom.*" }, () => {
      throw new NonRetriableError("no");
    });
    const { id } = await bus.publish({ type: "custom.one", data: {} });
    await expect.poll(async () => (await bus.subscriptions.get("failing"))?.deadLetters).toBe(1);
    return id;
  });
  return space;
}

test("without a terminal it writes a line for each update", async () => {
  const { waggle } = await withBacklog();
  const { code, out } = await waggle(["top", "--limit", "2"]);
  const line = "\\S+Z {2}0 events/min {2}1 waiting {2}0 delayed {2}0 running {2}1 dead letter\\n";
  expect(out).toMatch(new RegExp(`^${line}${line}$`));
  expect(code).toBe(0);
  const { json } = await waggle(["top", "-n", "1", "--json"]);
  expect(json).toMatchObject([
    {
      engine: "embedded",
      waiting: 1,
      deadLetters: 1,
      subscriptions: [{ record: { name: "failing" } }, { record: { name: "idle" } }],
    },
  ]);
});

test("on a terminal it shows events as they come, and Ctrl-C gives the terminal back", async () => {
  const { start, waggle } = await withBacklog();
  const run = start(["top"], { tty: true, columns: 100 });
  await run.stdout.contains("waggle top");
  await run.stdout.contains("no events since the start");
  await waggle(["publish", "custom.live", '{"n":7}']);
  await run.stdout.contains("n=7");
  expect(run.stdout.text).toContain("custom.live");
  run.interrupt();
  const { code, out } = await run.ended;
  expect(out.startsWith("\u001b[?1049h\u001b[?25l\u001b[?7l")).toBe(true);
  expect(out.endsWith("\u001b[?7h\u001b[?25h\u001b[?1049l")).toBe(true);
  expect(code).toBe(0);
});

test("no event can affect the terminal", async () => {
  const { start, waggle } = await withBacklog();
  const run = start(["top"], { tty: true, columns: 100 });
  await run.stdout.contains("waggle top");
  await waggle(["publish", "custom.evil", '{"text":"\\u001b[2J"}']);
  await run.stdout.contains("custom.evil");
  run.interrupt();
  expect((await run.ended).out).not.toContain("\u001b[2J");
});

test("a history that cannot be read ends it with the error", async () => {
  const { cwd, waggle } = workspace();
  const memory = new URL("../../../../lib/engines/memory/index.ts", import.meta.url).href;
  const config = `import { MemoryEngine } from ${JSON.stringify(memory)};
export default {
  engine: (tools) => {
    const engine = new MemoryEngine(tools);
    engine.log.readAfter = () => Promise.reject(new Error("the log is gone"));
    return engine;
  },
};
`;
  writeFileSync(join(cwd, "waggle.config.mjs"), config);
  const { code, err } = await waggle(["top"], { tty: true, columns: 100 });
  expect(err).toContain("the log is gone");
  expect(code).toBe(1);
});
