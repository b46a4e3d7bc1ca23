/**
 * A process to be killed: mirrors two buses, publishes on both as fast as it can, and writes what was accepted into a journal.
 * `forward-worker.ts <file> <other file> <journal> <run> <"work" | "drain">`
 */
import { openSync, writeSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import { connect, createCatalog, forward } from "wagglebus";
import { keepCompiled } from "../support/keep-compiled.ts";
import { delta, followed, made } from "./events.ts";

const [file = "", otherFile = "", journalFile = "", run = "", role = ""] = process.argv.slice(2);
const journal = openSync(journalFile, "a");
const publishers = 3;
const burst = 10;
const longestRestMs = 50;

const catalog = createCatalog({ made, followed, delta });
const open = (at: string) => connect({ engine: "embedded", file: at, source: "crash", catalog, logLevel: "silent" });
const [here, there] = await Promise.all([open(file), open(otherFile)]);
const path = { from: "here", to: "there" };
const back = { from: "there", to: "here" };
await forward(here, { to: there, path, backoff: { from: 5, to: 20 } });
await forward(there, { to: here, path: back, backoff: { from: 5, to: 20 } });

async function publish(bus: typeof here, publisher: string): Promise<void> {
  for (let number = 0; ; number += 1) {
    const id = `${run}-${publisher}-${number}`;
    await bus.publish(made, { key: `key-${number % 7}` }, { id });
    writeSync(journal, `accepted made ${id}\n`);
    if (number % burst === burst - 1) await wait(Math.random() * longestRestMs);
  }
}

async function left(): Promise<boolean> {
  const states = [...(await here.subscriptions.list()), ...(await there.subscriptions.list())];
  return states.some(({ waiting, delayed, running }) => waiting + delayed + running > 0);
}

keepCompiled();
process.send?.("ready");
if (role === "work") {
  const all = Array.from({ length: publishers }, (_, n) => [publish(here, `a${n}`), publish(there, `b${n}`)]);
  await Promise.all(all.flat());
} else {
  while (await left()) await wait(5);
  await Promise.all([here.close(), there.close()]);
  process.disconnect?.();
}
