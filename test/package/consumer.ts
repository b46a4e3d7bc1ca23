// A program as a user of the package would write it. `npm run check:package` installs the packed package in a new folder,
// compiles this program there with the package's types, and runs it on the oldest supported Node and on the one we develop on.
import { strict as assert } from "node:assert";
import { type Bus, BusError, compilePattern, connect, defineEvent, defineSubscription } from "wagglebus";
import { createClient } from "wagglebus/browser";
import { standardCatalog, taskCreated } from "wagglebus/catalog";
import type { ReportView } from "wagglebus/dev";
// Only the types are imported, which must compile without any AWS package.
import type { defineHandler } from "wagglebus/lambda";
// Its packages are optional, too.
import type { createServer } from "wagglebus/server";
import { testBus } from "wagglebus/testing";
import { z } from "zod";

const invoicePaid = defineEvent("invoice.paid", {
  version: 1,
  description: "An invoice was paid.",
  data: z.looseObject({ invoiceId: z.string(), cents: z.number() }),
});
const catalog = standardCatalog.extend([invoicePaid]);
const accounts = defineSubscription({ name: "accounts", on: [invoicePaid], attempts: 3, timeout: "10s" });

for (const options of [{ engine: "memory" }, { engine: "embedded", file: "bus.db" }] as const) {
  const bus = await connect({ ...options, source: "consumer", catalog });
  const paid = Promise.withResolvers<number>();
  await bus.subscribe(accounts, (event) => {
    const cents: number = event.data.cents;
    paid.resolve(cents);
  });
  await bus.publish(invoicePaid, { invoiceId: "1", cents: 4_200 });
  assert.equal(await paid.promise, 4_200);
  // @ts-expect-error an amount is a number
  await assert.rejects(bus.publish(invoicePaid, { invoiceId: "1", cents: "4200" }), { code: "invalid_event" });
  await bus.close();
}

/** A handler as in the module of a Lambda function. */
export const functionOf = (define: typeof defineHandler) =>
  define(accounts, async (event, { bus }) => {
    const cents: number = event.data.cents;
    await bus.publish({ type: "custom.paid", data: { cents } });
  });

/** A server of another framework answers for the bus. */
export const answerFor = async (create: typeof createServer, bus: Bus, request: Request): Promise<Response> => {
  const server = await create(bus, { needsToken: true, tokenFile: "tokens.json" });
  return server.fetch(request);
};

const page = createClient({ fetch: async () => Response.json({ results: [] }) });
await assert.rejects(page.publish({ type: "custom.a", data: {} }), { code: "unavailable" });

/** A view of a run of functions, as a program defines it. */
export const view: ReportView<object, number> = {
  subject: (event) => event.source,
  summary: ({ handled }, result) => ({ headline: `${result} of ${handled}` }),
};

const plain = await connect({ engine: "memory", source: "demo" });
const created = Promise.withResolvers<string>();
await plain.subscribe({ name: "readers", on: ["task.created"] }, (event) => created.resolve(event.type));
await plain.publish({ type: "task.created", data: { taskId: "1" } });
assert.equal(await created.promise, "task.created");
await plain.close();
await assert.rejects(plain.publish(taskCreated, { taskId: "2" }), (error) => error instanceof BusError);

const reader = (bus: Bus) =>
  bus.subscribe({ on: taskCreated }, async (event, { bus }) => {
    await bus.emit.task.completed({ taskId: event.data.taskId });
  });
const bus = testBus();
await reader(bus);
await bus.emit.task.created({ taskId: "1" });
await bus.drain();
assert.deepEqual(
  bus.published.map(({ type }) => type),
  ["task.created", "task.completed"],
);

assert.equal(compilePattern({ data: { kind: ["document"] } })({ data: { kind: "document" } }), true);
console.log(`a bus ran on Node ${process.versions.node}`);
