import { contenders } from "./contenders.ts";

/**
 * One contender in a process of its own: `one.ts NAME EVENTS BYTES`. Prints events a second, and microseconds of processor
 * time an event, which a busy machine changes less.
 */
const [name = "", eventsText = "100000", bytesText = "250"] = process.argv.slice(2);
const setup = contenders[name];
if (setup === undefined) throw new Error(`no contender ${name}; known: ${Object.keys(contenders).join(", ")}`);
const events = Number(eventsText);
const publish = await setup(Number(bytesText));
await publish(Math.ceil(events / 4));
const from = performance.now();
const cpuFrom = process.cpuUsage();
await publish(events);
const { user, system } = process.cpuUsage(cpuFrom);
console.log(JSON.stringify({ rate: (events * 1_000) / (performance.now() - from), cpu: (user + system) / events }));
process.exit(0);
