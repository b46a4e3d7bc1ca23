/**
 * A process to be killed: publishes in bursts as fast as it can, handles what comes, and writes what it does into a journal before it
 * goes on. `worker.ts <engine> <file or URL> <journal> <run> <"work" | "drain" | "hold">`
 */
import { openSync, writeSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import { type Bus, connect, createCatalog } from "wagglebus";
import { keepCompiled } from "../support/keep-compiled.ts";
import { delta, followed, made } from "./events.ts";
import { type SubscriptionName, subscriptions } from "./subscriptions.ts";

const [engine = "", where = "", journalFile = "", run = "", role = ""] = process.argv.slice(2);
const journal = openSync(journalFile, "a");
/** A whole line at once: what is written is there, however the process ends. */
const note = (...words: (string | number)[]) => writeSync(journal, `${words.join(" ")}\n`);

const publishers = 6;
/** Events of a burst, and the longest rest after it: without rests a second's life leaves minutes to check. */
const burst = 10;
const longestRestMs = 200;
const longestRunMs = 4;

const bus = await connect({
  ...(await placeOf()),
  source: "crash",
  catalog: createCatalog({ made, followed, delta }),
  logLevel: "silent",
});

/** Loads the client of a server only where there is one: it takes as long to load as the rest. */
async function placeOf() {
  if (engine === "postgres") return { engine: (await import("../postgres/support/open-schema.ts")).openSchema(where) };
  if (engine === "kafka") return { engine: (await import("../kafka/support/open-place.ts")).openPlace(where) };
  return { engine: "embedded", file: where } as const;
}

async function attempt(name: SubscriptionName, id: string, number: number, act: () => Promise<unknown>): Promise<void> {
  note("start", name, id, run, number);
  if (role === "hold") await new Promise((resolve) => process.once("message", resolve));
  else await wait(Math.random() * longestRunMs);
  await act();
  note("done", name, id, run, number);
}

async function publish(publisher: number, on: Pick<Bus, "publish">): Promise<void> {
  for (let number = 0; ; number += 1) {
    const id = `${run}-${publisher}-${number}`;
    const definition = number % 5 === 4 ? delta : made;
    await on.publish(definition, { key: `key-${number % 31}` }, { id });
    note("accepted", definition === delta ? "delta" : "made", id);
    if (number % burst === burst - 1) await wait(Math.random() * longestRestMs);
  }
}

await bus.subscribe(subscriptions.everything, (event, { attempt: number }) =>
  attempt("everything", event.id, number, async () => {}),
);
await bus.subscribe(subscriptions.keyed, (event, { attempt: number }) =>
  attempt("keyed", event.id, number, async () => {}),
);
await bus.subscribe(subscriptions.impatient, (event, { attempt: number }) =>
  attempt("impatient", event.id, number, async () => {}),
);
await bus.subscribe(subscriptions.chain, (event, { attempt: number, bus: ofHandler }) =>
  attempt("chain", event.id, number, () =>
    ofHandler.publish(followed, { key: event.data.key }, { dedupe: "followed" }),
  ),
);

/** Whether anything is not delivered yet, what a killed process had begun included. */
async function left(): Promise<boolean> {
  const states = await bus.subscriptions.list();
  return states.some(({ waiting, delayed, running }) => waiting + delayed + running > 0);
}

keepCompiled();
process.send?.("ready");
if (role === "work") await Promise.all(Array.from({ length: publishers }, (_, publisher) => publish(publisher, bus)));
else if (role === "drain") {
  while (await left()) await wait(5);
  await bus.close();
  process.disconnect?.();
} else {
  // IPC keeps it alive until it is told to end.
  process.on("message", () => bus.close().then(() => process.disconnect?.()));
}
