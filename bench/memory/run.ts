import { execFile } from "node:child_process";
import { parseArgs, promisify } from "node:util";

/**
 * In memory, typed, validated, recorded: publish to handled, against abxbus (the nearest peer in TypeScript) and emittery
 * behind a zod parse. Each in a process of its own, in turn, in the same run. `--json` for machines, `--events N`.
 */
const { values } = parseArgs({
  options: { json: { type: "boolean", default: false }, events: { type: "string", default: "200000" } },
});
const run = promisify(execFile);
const one = new URL("one.ts", import.meta.url).pathname;

async function rate(name: string, subscriptions: number, mode: string): Promise<number> {
  const events = name === "abxbus" ? Number(values.events) / 10 : Number(values.events);
  const { stdout } = await run(process.execPath, [one, name, String(subscriptions), mode, String(events)]);
  return Number(stdout);
}

const rows: { subscriptions: number; mode: string; waggle: number; abxbus: number; emittery: number }[] = [];
const perSecond = (value: number) => Math.round(value).toLocaleString("en").padStart(11);
if (!values.json) {
  console.log("events a second, publish to handled; up to 3 subscriptions match");
  console.log("subscriptions  mode          waggle     abxbus   emittery  ×abxbus  ×emittery");
}
for (const subscriptions of [1, 3, 10, 100, 10_000]) {
  for (const mode of ["serial", "parallel"]) {
    const row = {
      subscriptions,
      mode,
      waggle: await rate("waggle", subscriptions, mode),
      abxbus: await rate("abxbus", subscriptions, mode),
      emittery: await rate("emittery", subscriptions, mode),
    };
    rows.push(row);
    if (values.json) continue;
    const { waggle, abxbus, emittery } = row;
    console.log(
      `${String(subscriptions).padStart(13)}  ${mode.padEnd(8)}${perSecond(waggle)}${perSecond(abxbus)}${perSecond(emittery)}` +
        `${(waggle / abxbus).toFixed(1).padStart(9)}${(waggle / emittery).toFixed(2).padStart(11)}`,
    );
  }
}
const of = (subscriptions: number, mode: string) =>
  rows.find((row) => row.subscriptions === subscriptions && row.mode === mode)?.waggle ?? 0;
const scaling = {
  serial: of(10_000, "serial") / of(10, "serial"),
  parallel: of(10_000, "parallel") / of(10, "parallel"),
};
if (values.json) console.log(JSON.stringify({ benchmark: "memory", rows, tenThousandToTen: scaling }));
else
  console.log(
    `10,000 subscriptions to 10: ${scaling.serial.toFixed(2)} serial, ${scaling.parallel.toFixed(2)} parallel`,
  );
