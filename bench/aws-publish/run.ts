/**
 * Publishing to EventBridge: the whole path of the client (draft to answer), against hand-batched calls of the SDK (the
 * limit), by the SDK's client and by Waggle's, and one event a call (what people write). All
 * with the same requests under way, against a stub in a process of its own, each in a process of its own, by turns; the
 * median of `rounds` counts.
 * `node bench/aws-publish/run.ts [--json] [--events 100000] [--rounds 5] [--bytes 250]`
 */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { parseArgs, promisify } from "node:util";
import * as z from "zod";

const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    events: { type: "string", default: "100000" },
    rounds: { type: "string", default: "5" },
    bytes: { type: "string", default: "250" },
  },
});
const events = Number(values.events);
const rounds = Number(values.rounds);
const say = (line: string) => {
  if (!values.json) console.log(line);
};
const execute = promisify(execFile);
const fileOf = (name: string) => new URL(name, import.meta.url).pathname;

const stub = spawn(process.execPath, [fileOf("stub.ts")], { stdio: ["pipe", "pipe", "inherit"] });
const [url] = z.tuple([z.url()]).parse(await once(createInterface(stub.stdout), "line"));
const environment = {
  ...process.env,
  AWS_ENDPOINT_URL: url,
  AWS_REGION: "us-east-1",
  AWS_ACCESS_KEY_ID: "test",
  AWS_SECRET_ACCESS_KEY: "test",
};

const measuredSchema = z.object({ rate: z.number(), cpu: z.number() });
type Measured = z.infer<typeof measuredSchema>;

/** Fewer events where each costs a request. */
const shares: Readonly<Record<string, number>> = {
  waggle: 1,
  batched: 1,
  "batched, own": 1,
  "one by one": 0.1,
  "one a call": 0.1,
};
const measured = new Map(Object.keys(shares).map((name) => [name, [] as Measured[]]));
try {
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, found] of measured) {
      const count = Math.ceil(events * (shares[name] ?? 1));
      const given = [fileOf("one.ts"), name, String(count), values.bytes];
      const { stdout } = await execute(process.execPath, given, { env: environment });
      found.push(measuredSchema.parse(JSON.parse(stdout)));
    }
  }
} finally {
  stub.stdin.end();
}

const ofWaggle = medians(measured.get("waggle") ?? []);
say(`events a second to a stub, ${values.bytes} bytes an entry, median of ${rounds}; processor time an event`);
const rows = [...measured].map(([name, rounds]) => {
  const { rate, cpu } = medians(rounds);
  const ratio = { rate: ofWaggle.rate / rate, cpu: cpu / ofWaggle.cpu };
  say(
    `${name.padEnd(14)}${Math.round(rate).toLocaleString("en").padStart(9)} ${cpu.toFixed(1).padStart(7)} µs` +
      `   waggle does ${ratio.rate.toFixed(2)} × as many, ${ratio.cpu.toFixed(2)} × by processor time`,
  );
  return { name, rate, cpu, ratio, rounds };
});
if (values.json) {
  const { bytes } = values;
  console.log(JSON.stringify({ bench: "aws-publish", node: process.version, events, bytes: Number(bytes), rows }));
}

function medians(rounds: readonly Measured[]): Measured {
  return { rate: median(rounds.map(({ rate }) => rate)), cpu: median(rounds.map(({ cpu }) => cpu)) };
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((less, more) => less - more)[Math.floor(numbers.length / 2)] ?? 0;
}
