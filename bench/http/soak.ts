/**
 * Many clients for a long time: open tails and pulling consumers at one server, while events come at a steady rate; prints the server's memory
 * after garbage collection as it goes on. Every event must come to every tail, and be handled once.
 * `node bench/http/soak.ts [--tails 1000] [--consumers 200] [--rate 50] [--minutes 10] [--engine embedded]`
 */
import { Agent, request } from "node:http";
import { setTimeout as wait } from "node:timers/promises";
import { parseArgs } from "node:util";
import * as z from "zod";
import { startServed } from "./served.ts";

const { values } = parseArgs({
  options: {
    tails: { type: "string", default: "1000" },
    consumers: { type: "string", default: "200" },
    rate: { type: "string", default: "50" },
    minutes: { type: "string", default: "10" },
    engine: { type: "string", default: "embedded" },
  },
});
const [tails, consumers, rate, minutes] = [values.tails, values.consumers, values.rate, values.minutes].map(Number);
if (tails === undefined || consumers === undefined || rate === undefined || minutes === undefined) throw new Error();

const server = await startServed(z.enum(["memory", "embedded"]).parse(values.engine));
const agent = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY });
const pulled = z.object({ deliveries: z.array(z.object({ receipt: z.string() })) });

/** Sends a value as JSON. */
function send(method: string, path: string, body: unknown): Promise<string> {
  return new Promise((resolve, reject) => {
    const sent = request(
      server.url + path,
      { method, agent, headers: { "content-type": "application/json" } },
      (answer) => {
        let text = "";
        answer.setEncoding("utf8");
        answer.on("data", (chunk: string) => {
          text += chunk;
        });
        answer.on("end", () => ((answer.statusCode ?? 500) < 300 ? resolve(text) : reject(new Error(text))));
        answer.on("error", reject);
      },
    );
    sent.on("error", reject);
    sent.end(JSON.stringify(body));
  });
}

let seen = 0;
const ending = new AbortController();

/** Opens a tail; resolves once it is open. */
function tail(): Promise<void> {
  return new Promise((resolve, reject) => {
    const sent = request(
      `${server.url}/v1/tail?type=custom.soaked`,
      { agent: false, signal: ending.signal },
      (answer) => {
        answer.setEncoding("utf8");
        answer.on("data", (chunk: string) => {
          seen += chunk.split("\ndata: ").length - 1;
        });
        answer.on("error", () => {});
        resolve();
      },
    );
    sent.on("error", (error) => (ending.signal.aborted ? undefined : reject(error)));
    sent.end();
  });
}

let handled = 0;

async function consume(): Promise<void> {
  while (!ending.signal.aborted) {
    const { deliveries } = pulled.parse(
      JSON.parse(await send("POST", "/v1/subscriptions/soak/pull", { max: 10, waitMs: 5_000 })),
    );
    if (deliveries.length === 0) continue;
    await send("POST", "/v1/subscriptions/soak/settle", { ack: deliveries.map(({ receipt }) => receipt) });
    handled += deliveries.length;
  }
}

// On a busy machine the client may be slower than the default allows; what is handled twice then is no fault of the server.
await send("PUT", "/v1/subscriptions/soak", { on: "custom.soaked", concurrency: 1_000, ackTimeout: "10m" });
for (let opened = 0; opened < tails; opened += 50) {
  await Promise.all(Array.from({ length: Math.min(50, tails - opened) }, tail));
}
const consuming = Array.from({ length: consumers }, consume);
console.log(`${tails} tails, ${consumers} pulling consumers, ${rate} events a second, ${minutes} minutes`);
console.log("minute   published     handled   seen by tails   server: rss   heap   external   CPU");

const since = performance.now();
const until = minutes * 60_000;
let published = 0;
let printedAt = -1;
let cpuMs = (await server.usage()).cpuMs;
let lastAt = since;
const mib = (bytes: number) => `${(bytes / 1_048_576).toFixed(0)} MiB`;
for (;;) {
  const elapsed = performance.now() - since;
  if (elapsed >= until) break;
  const due = Math.floor((elapsed / 1_000) * rate);
  if (due > published) {
    const drafts = Array.from({ length: due - published }, () => ({
      type: "custom.soaked",
      data: { text: "x".repeat(200) },
    }));
    await send("POST", "/v1/events", drafts);
    published = due;
  }
  const minute = Math.floor(elapsed / 30_000) / 2;
  if (minute > printedAt) {
    printedAt = minute;
    await print(minute);
  }
  await wait(20);
}
/** Longer than a delivery whose client is gone takes to come again. */
const graceMs = 60_000;
for (let waited = 0; waited < graceMs && (handled < published || seen < published * tails); waited += 100)
  await wait(100);
await print(minutes);
ending.abort();
agent.destroy();
await Promise.allSettled(consuming);
await server.end();
if (seen !== published * tails || handled !== published) {
  console.error(`wrong: ${published} published, ${handled} handled, ${seen} seen instead of ${published * tails}`);
  process.exitCode = 1;
}

async function print(minute: number): Promise<void> {
  const usage = await server.usage();
  const now = performance.now();
  const cpu = ((usage.cpuMs - cpuMs) / Math.max(1, now - lastAt)) * 100;
  cpuMs = usage.cpuMs;
  lastAt = now;
  const cells = [published, handled, seen].map((count) => count.toLocaleString("en").padStart(12)).join("");
  console.log(
    `${minute.toFixed(1).padStart(6)}${cells}   ${mib(usage.rss)}  ${mib(usage.heapUsed)}  ${mib(usage.external)}  ${cpu.toFixed(0)} %`,
  );
}
