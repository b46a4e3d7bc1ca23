import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { connect } from "../../../lib/index.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";
import { waggle } from "./spawn-waggle.ts";

const script = fileURLToPath(new URL("./inbox-agent.ts", import.meta.url));
/** `WAGGLE_INBOX_MESSAGES=10000` runs it as large as the docs say. */
const messages = Number(process.env.WAGGLE_INBOX_MESSAGES ?? 300);
/** Messages of one turn. */
const max = Math.max(10, messages / 50);
const agents = ["planner", "reviewer"];

test("agents that crash anywhere lose no message, and none that was acknowledged comes again", {
  timeout: 1_200_000,
}, async () => {
  const { path, remove } = await temporaryDirectory();
  onTestFinished(remove);
  const file = join(path, ".waggle/bus.db");
  const bus = await connect({ engine: "embedded", file, source: "test", logLevel: "silent" });
  onTestFinished(() => bus.close());
  const sent = new Map(agents.map((agent) => [agent, new Set<string>()] as const));
  const send = async (count: number) => {
    const drafts = Array.from({ length: count }, (_, n) => ({
      type: "custom.message" as const,
      data: { to: agents[n % agents.length], n },
      metadata: { priority: n % 17 === 0 ? 1 : 5 },
    }));
    for (const result of await bus.publishAll(drafts)) {
      if (!result.ok) throw result.error;
      sent.get(String(Object(result.event.data).to))?.add(result.event.id);
    }
  };
  const ledgerOf = (agent: string) => join(path, `${agent}.ledger`);
  const run = async (agent: string, seed: number, crashes: number) => {
    const argv = [script, file, join(path, agent), agent, ledgerOf(agent), String(max), String(seed), String(crashes)];
    const child = spawn(process.execPath, argv, { stdio: ["ignore", "ignore", "inherit"] });
    const [code, signal] = await once(child, "exit");
    expect(code ?? signal).toBeOneOf([0, "SIGKILL"]);
    return signal === "SIGKILL";
  };
  for (const agent of agents) {
    mkdirSync(join(path, agent));
    writeFileSync(ledgerOf(agent), "");
  }
  await send(messages / 2);
  let killed = 0;
  const runs = agents.map(async (agent, index) => {
    for (let life = 1; life <= 8; life += 1) killed += Number(await run(agent, index * 100 + life, 0.04));
  });
  await send(messages / 2);
  await Promise.all(runs);
  // At last they live.
  await Promise.all(agents.map((agent) => run(agent, 1, 0)));
  expect(killed).toBeGreaterThan(3);
  for (const agent of agents) {
    const acknowledged = new Set<string>();
    const shown = new Set<string>();
    for (const line of readFileSync(ledgerOf(agent), "utf8").split("\n").filter(Boolean)) {
      const [what, id = ""] = line.split(" ");
      expect([what, id, acknowledged.has(id)]).toEqual([what, id, false]);
      (what === "shown" ? shown : acknowledged).add(id);
    }
    expect(shown).toEqual(sent.get(agent));
    // An agent that was killed before it could write is the only one that has acknowledged more than it says.
    expect(acknowledged.size).toBeGreaterThanOrEqual(shown.size - killed * max);
    expect([...acknowledged].every((id) => shown.has(id))).toBe(true);
    const state = await bus.subscriptions.get(`inbox-${agent}`);
    expect(state).toMatchObject({ waiting: 0, delayed: 0, running: 0, deadLetters: 0 });
  }
});

test("the command waits as a process of its own, and ends where nothing comes", async () => {
  const { path, remove } = await temporaryDirectory();
  onTestFinished(remove);
  expect(await waggle(path, ["inbox", "--agent", "reviewer", "--wait", "1s"])).toMatchObject({ code: 0, stdout: "" });
});
