import { contenders } from "./contenders.ts";

/** Runs one contender in its own process: `one.ts NAME SUBSCRIPTIONS serial|parallel EVENTS`. Prints events per second. */
const [name = "", subscriptionsText = "1", mode = "serial", eventsText = "100000"] = process.argv.slice(2);
const subscriptions = Number(subscriptionsText);
const events = Number(eventsText);
const setup = contenders[name];
if (setup === undefined) {
  throw new Error(`unknown contender ${name}; the contenders are ${Object.keys(contenders).join(", ")}`);
}

/** Concurrent publishes in parallel mode. */
const inFlight = 1_000;

let handled = 0;
let expected = Number.POSITIVE_INFINITY;
let allHandled = () => {};
const contender = await setup(subscriptions, () => {
  handled += 1;
  if (handled === expected) allHandled();
});

async function round(count: number): Promise<number> {
  handled = 0;
  expected = count * Math.min(subscriptions, 3);
  const done = new Promise<void>((resolve) => {
    allHandled = resolve;
  });
  const from = performance.now();
  if (mode === "serial") for (let at = 0; at < count; at += 1) await contender.publish(at);
  else {
    for (let at = 0; at < count; at += inFlight) {
      await Promise.all(
        Array.from({ length: Math.min(inFlight, count - at) }, (_, more) => contender.publish(at + more)),
      );
    }
  }
  await done;
  return (count * 1_000) / (performance.now() - from);
}

await round(Math.ceil(events / 5));
const rates: number[] = [];
for (let at = 0; at < 3; at += 1) rates.push(await round(events));
await contender.close();
process.stdout.write(`${JSON.stringify(rates.sort((one, other) => one - other)[1])}\n`);
process.exit(0);
