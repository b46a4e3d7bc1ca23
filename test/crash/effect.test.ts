import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { answerEffect } from "../../lib/agents/index.ts";
import { connect, type Event } from "../../lib/index.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

const worker = new URL("./effect-worker.ts", import.meta.url);

/** Runs the worker up to a step. */
async function runUpTo(step: string, args: readonly string[]): Promise<() => Promise<void>> {
  const child: ChildProcess = fork(worker, [...args, step], { execArgv: [], stdio: "inherit" });
  const ended = once(child, "exit");
  const kill = async () => {
    child.kill("SIGKILL");
    await ended;
  };
  ends.push(kill);
  const [told] = await Promise.race([once(child, "message"), ended]);
  expect(told).toBe(step);
  return kill;
}

/** Where the process is killed, how often the provider was called by then, and whether that is known. */
const steps = [
  ["before effect.started", 0, true],
  ["after effect.started", 0, false],
  ["before the call", 0, false],
  ["after the call", 1, false],
  ["before effect.completed", 1, false],
  ["after effect.completed", 1, true],
  ["after the effect", 1, true],
] as const;

test.each(steps)("killed %s, the provider is never called twice", async (step, called, known) => {
  const { path, remove } = await temporaryDirectory();
  ends.push(remove);
  const [file, ledger] = [join(path, "bus.db"), join(path, "ledger")];
  const calls = () => readFileSync(ledger, { encoding: "utf8", flag: "a+" }).split("\n").filter(Boolean);
  const bus = await connect({ engine: "embedded", file, source: "shop", logLevel: "silent" });
  ends.push(() => bus.close());
  await bus
    .subscribe({ name: "billing", on: "custom.order", attempts: 5, backoff: { from: 1, to: 2 } }, () => {})
    .then((subscriber) => subscriber.close());
  const { id } = await bus.publish({ type: "custom.order", data: {} });

  const kill = await runUpTo(step, [file, ledger]);
  expect(calls()).toHaveLength(called);
  await kill();
  await runUpTo("ready", [file, ledger]);
  await bus.settled(id, { timeout: "60s" });
  const { deadLetters } = await bus.deadLetters.list();
  expect(deadLetters.map(({ reason }) => reason.code)).toEqual(known ? [] : ["non_retriable"]);
  expect(calls()).toHaveLength(known ? 1 : called);
  if (known) return;

  const { events } = await bus.history.query({ type: "effect.unknown" });
  const [{ data }] = events as [Event<string, { effectId: string }>];
  await answerEffect(bus, data.effectId, called === 0 ? "retry" : { result: "receipt" });
  await bus.deadLetters.redrive(deadLetters.map((one) => one.id));
  await bus.settled(id, { timeout: "60s" });
  expect((await bus.deadLetters.list()).deadLetters).toEqual([]);
  expect(calls()).toHaveLength(1);
});
