import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { workspace } from "../test-io.ts";

type Cli = ReturnType<typeof workspace>;

const inbox = (cli: Cli, ...options: string[]) => cli.waggle(["inbox", "--agent", "reviewer", "--json", ...options]);
const textsOf = ({ json }: { json: Record<string, unknown>[] }) => json.map(({ data }) => Object(data).text);

async function send(
  cli: Cli,
  ...messages: { to?: string | string[]; text: string; tags?: string[]; priority?: number }[]
) {
  await cli.bus(async (bus) => {
    for (const { tags, priority, ...data } of messages) {
      const metadata = { ...(tags === undefined ? {} : { tags }), ...(priority === undefined ? {} : { priority }) };
      await bus.publish({ type: "custom.message", data, metadata });
    }
  });
}

test("what is addressed to an agent is shown until it is acknowledged, and never again", async () => {
  const cli = workspace();
  await send(
    cli,
    { to: "reviewer", text: "one" },
    { to: "planner", text: "not mine" },
    { to: ["planner", "reviewer"], text: "two" },
    { tags: ["to:reviewer"], text: "three" },
    { text: "nobody's" },
  );
  expect(textsOf(await inbox(cli, "--wait", "20s", "--max", "2"))).toEqual(["one", "two"]);
  expect(textsOf(await inbox(cli))).toEqual(["one", "two", "three"]);
  await send(cli, { to: "reviewer", text: "urgent", priority: 1 });
  expect(textsOf(await inbox(cli, "--ack"))).toEqual(["urgent"]);
  expect(textsOf(await inbox(cli, "--ack"))).toEqual([]);
  expect(textsOf(await inbox(cli, "--ack"))).toEqual([]);
  await cli.bus(async (bus) => {
    expect(await bus.subscriptions.get("inbox-reviewer")).toMatchObject({
      waiting: 0,
      delayed: 0,
      running: 0,
      deadLetters: 0,
    });
    expect((await bus.deadLetters.list()).deadLetters).toEqual([]);
  });
});

test("a message wakes an agent that waits", async () => {
  const cli = workspace();
  await inbox(cli);
  const waiting = cli.start(["inbox", "--agent", "reviewer", "--json", "--wait"]);
  await send(cli, { to: "reviewer", text: "wake up" });
  expect(textsOf(await waiting.ended)).toEqual(["wake up"]);
});

test("hooks of a coding agent: a prompt gets what waits, and the end of a turn acknowledges it", async () => {
  const cli = workspace();
  const hook = async (event: string) => {
    const { code, out } = await cli.waggle(["inbox", "--agent", "reviewer", "--hook", "--wait", "1s"], {
      stdin: JSON.stringify({ hook_event_name: event, session_id: "s", cwd: cli.cwd }),
    });
    expect(code).toBe(0);
    return out === "" ? undefined : JSON.parse(out);
  };
  expect(await hook("UserPromptSubmit")).toBeUndefined();
  expect(await hook("Stop")).toBeUndefined();
  await send(cli, { to: "reviewer", text: "one" });
  const added = { hookEventName: "UserPromptSubmit", additionalContext: expect.stringContaining('"text":"one"') };
  expect(await hook("UserPromptSubmit")).toEqual({ hookSpecificOutput: added });
  // The turn has crashed: it is there for the next.
  expect(await hook("UserPromptSubmit")).toEqual({ hookSpecificOutput: added });
  await send(cli, { to: "reviewer", text: "two" });
  expect(await hook("Stop")).toEqual({ decision: "block", reason: expect.stringMatching(/^1 message for .*"two"/s) });
  expect(await hook("Stop")).toBeUndefined();
});

test("what is wrong is refused, and a broken file of what was shown loses nothing", async () => {
  const cli = workspace();
  expect((await cli.waggle(["inbox"])).code).toBe(2);
  for (const agent of ["", "Reviewer", "../x", "a".repeat(43)]) {
    expect((await cli.waggle(["inbox", "--agent", agent])).code).toBe(2);
  }
  expect((await cli.waggle(["inbox", "--agent", "a", "--wait", "2d"])).code).toBe(2);
  // A hook that exits with 2 would block the turn of its agent.
  const hook = { stdin: "no JSON" };
  expect(await cli.waggle(["inbox", "--agent", "a", "--hook"], hook)).toMatchObject({ code: 1, out: "" });
  expect(await cli.waggle(["inbox", "--agent", "A!", "--hook"], hook)).toMatchObject({ code: 1, out: "" });
  expect(await cli.waggle(["inbox", "--hook", "--agnet", "a"], hook)).toMatchObject({ code: 1, out: "" });
  expect(await cli.waggle(["inbox", "--agent", "a", "--hook", "--engine", "none"], hook)).toMatchObject({ code: 1 });
  await send(cli, { to: "reviewer", text: "one" });
  await inbox(cli, "--wait", "20s");
  const path = join(cli.cwd, ".waggle/inbox-reviewer.json");
  expect(JSON.parse(readFileSync(path, "utf8")).shown).toHaveLength(1);
  writeFileSync(path, "{");
  const refused = await inbox(cli, "--ack");
  expect(refused).toMatchObject({ code: 1, err: expect.stringContaining("remove it") });
  writeFileSync(path, '{"version":1,"shown":[]}');
  expect(textsOf(await inbox(cli, "--ack"))).toEqual(["one"]);
});
