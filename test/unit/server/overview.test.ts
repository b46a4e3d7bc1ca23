import { expect, onTestFinished, test } from "vitest";
import { NonRetriableError } from "../../../lib/index.ts";
import { TokenFile } from "../../../lib/server/access/token-file.ts";
import { createToken } from "../../../lib/server/access/tokens.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";
import { serve } from "./serve.ts";

/** A bus on which some flows completed, one failed and one waits. */
async function withFlows() {
  const served = await serve();
  const { bus } = served;
  const failing = await bus.subscribe({ name: "readers", on: "custom.task*", attempts: 1 }, (event) => {
    const { n } = Object(event.data);
    if (n >= 10) throw new NonRetriableError(`document ${n} could not be read`);
  });
  const flows: string[] = [];
  for (const n of [1, 10, 11, 2]) {
    const { metadata } = await bus.publish({ type: "custom.task", data: { n }, source: "planner" });
    flows.push(metadata.correlationId);
    await bus.settled(metadata.correlationId);
  }
  await failing.close();
  return { ...served, flows };
}

test("flows are listed once each, the last active first, with how they stand", async () => {
  const { bus, flows, get } = await withFlows();
  const [first = "", failed = "", , last = ""] = flows;
  // The first flow is active again, and what it has published now waits: nobody handles it.
  await bus.publish({ type: "custom.task.more", data: { n: 1 }, metadata: { correlationId: first } });
  const page = (await get("/v1/flows")).json;
  expect(page).toMatchObject({ looked: 5 });
  expect(page.cursor).toBeUndefined();
  expect(page.flows.map(({ id }: { id: string }) => id)).toEqual([first, last, flows[2], failed]);
  expect(page.flows[0]).toMatchObject({
    status: "running",
    type: "custom.task",
    source: "planner",
    lastType: "custom.task.more",
    deadLetters: 0,
  });
  expect(page.flows[1]).toMatchObject({ status: "completed" });
  expect(page.flows[3]).toMatchObject({ status: "failed", deadLetters: 1, durationMs: 0 });
});

test("a page of flows looks at no more events than its limit, and no flow is on two pages", async () => {
  const { bus, flows, get } = await withFlows();
  await bus.publish({ type: "custom.task", data: { n: 3 }, metadata: { correlationId: flows[0] ?? "" } });
  const seen: string[] = [];
  const looked: number[] = [];
  let cursor: string | undefined;
  do {
    const { json } = await get(
      `/v1/flows?limit=1${cursor === undefined ? "" : `&cursor=${encodeURIComponent(cursor)}`}`,
    );
    seen.push(...json.flows.map(({ id }: { id: string }) => id));
    looked.push(json.looked);
    cursor = json.cursor;
  } while (cursor !== undefined);
  expect(seen).toEqual([flows[0], flows[3], flows[2], flows[1]]);
  expect(looked.every((count) => count <= 1)).toBe(true);
  expect((await get("/v1/flows?limit=501")).json).toMatchObject({ code: "invalid_config", path: "limit" });
  expect((await get("/v1/flows?type=custom.none")).json).toEqual({ flows: [], looked: 0 });
});

test("dead letters are grouped by subscription and by what their reasons have in common", async () => {
  const { bus, get } = await withFlows();
  const { json } = await get("/v1/dead-letters/groups");
  expect(json).toMatchObject({
    looked: 2,
    more: false,
    groups: [
      {
        subscription: "readers",
        code: "non_retriable",
        message: "document … could not be read",
        count: 2,
        types: ["custom.task"],
      },
    ],
  });
  const { deadLetters } = await bus.deadLetters.list();
  expect(json.groups[0].ids).toEqual(deadLetters.map(({ id }) => id));
  expect(json.groups[0]).toMatchObject({ newestAt: deadLetters[0]?.deadAt, oldestAt: deadLetters[1]?.deadAt });
  expect((await get("/v1/dead-letters/groups?subscription=others")).json).toEqual({
    groups: [],
    looked: 0,
    more: false,
  });
});

test("an event is shown with what became of it in each subscription", async () => {
  const { bus, get, flows } = await withFlows();
  const failed = (await bus.history.query({ correlationId: flows[1] ?? "" })).events[0];
  const waiting = await bus.publish({ type: "custom.task", data: { n: 4 } });
  expect((await get(`/v1/events/${failed?.id}/deliveries`)).json).toMatchObject({
    pending: [],
    ended: [{ subscription: "readers", outcome: "dead", attempts: 1 }],
    deadLetters: [{ subscription: "readers", reason: { message: "document 10 could not be read" } }],
  });
  expect((await get(`/v1/events/${waiting.id}/deliveries`)).json).toMatchObject({
    pending: [{ subscription: "readers", state: "waiting", handled: false }],
    ended: [],
    deadLetters: [],
  });
  expect(await get("/v1/events/none/deliveries")).toMatchObject({ status: 404, json: { code: "not_found" } });
});

test("agents are listed by id, or else by source, with failures and what they spent", async () => {
  const { bus, get } = await serve();
  const metadata = { agentId: "reader-1" };
  const spent = { usage: { inputTokens: 100, outputTokens: 20 }, cost: 0.5 };
  await bus.publish({ type: "custom.read.failed", data: spent, source: "worker-a", metadata });
  await bus.publish({ type: "custom.read.done", data: { ...spent, tokens: 7 }, source: "worker-b", metadata });
  const last = await bus.publish({ type: "custom.plain", data: { cost: "much" }, source: "planner" });
  const { json } = await get("/v1/agents");
  expect(json).toMatchObject({ looked: 3, more: false, since: expect.any(String) });
  expect(json.agents).toEqual([
    {
      source: "planner",
      events: 1,
      failures: 0,
      last: { id: last.id, type: "custom.plain", time: last.time, correlationId: last.id },
    },
    expect.objectContaining({
      agentId: "reader-1",
      source: "worker-b",
      events: 2,
      failures: 1,
      tokens: 240,
      cost: 1,
      last: expect.objectContaining({ type: "custom.read.done" }),
      lastFailure: expect.objectContaining({ type: "custom.read.failed" }),
    }),
  ]);
});

test("the catalog lists its types, and shows one with its schema and an example that it accepts", async () => {
  const { bus, catalog, get, send } = await serve();
  const { json } = await get("/v1/catalog");
  expect(json.open).toBe(false);
  expect(json.types.map(({ type }: { type: string }) => type)).toEqual(catalog.types());
  expect(json.types).toContainEqual({
    type: "task.completed",
    version: 1,
    description: catalog.get("task.completed")?.description,
    history: true,
  });
  const shown = (await get("/v1/catalog/task.completed")).json;
  expect(shown.schema).toEqual(catalog.jsonSchema("task.completed"));
  const published = await send("POST", "/v1/events", { type: "task.completed", data: shown.example });
  expect(published.json.results).toMatchObject([{ ok: true }]);
  expect((await bus.history.query()).events).toHaveLength(1);
  expect(await get("/v1/catalog/none.such")).toMatchObject({ status: 404, json: { code: "not_found" } });
});

test.each(["memory", "embedded"] as const)("a subscription that no process handles says so: %s", async (engine) => {
  const { path, remove } = await temporaryDirectory();
  onTestFinished(remove);
  const { bus, get } = await serve({}, engine === "memory" ? { engine } : { engine, file: `${path}/bus.db` });
  const subscriber = await bus.subscribe({ name: "readers", on: "custom.*" }, () => {});
  expect((await get("/v1/subscriptions/readers")).json).not.toHaveProperty("handled");
  await subscriber.close();
  expect((await get("/v1/subscriptions/readers")).json).toMatchObject({ handled: false });
  expect((await get("/v1/subscriptions")).json.subscriptions).toMatchObject([{ handled: false }]);
});

test("a subscription is paused and resumed, waiting pulls too; its rates are told where they are asked for", async () => {
  const { bus, get, send } = await serve();
  expect((await send("POST", "/v1/subscriptions/readers/pause", {})).status).toBe(404);
  await send("PUT", "/v1/subscriptions/readers", { on: "custom.task" });
  expect((await send("POST", "/v1/subscriptions/readers/pause", {})).json).toEqual({ changed: true });
  expect((await send("POST", "/v1/subscriptions/readers/pause", {})).json).toEqual({ changed: false });
  const { id } = await bus.publish({ type: "custom.task", data: {} });
  expect((await send("POST", "/v1/subscriptions/readers/pull", {})).json).toEqual({ deliveries: [] });
  expect((await get("/v1/subscriptions")).json.subscriptions).toMatchObject([{ paused: true, waiting: 1 }]);
  const pulled = send("POST", "/v1/subscriptions/readers/pull", { waitMs: 60_000 });
  expect((await send("POST", "/v1/subscriptions/readers/resume", {})).json).toEqual({ changed: true });
  const { deliveries } = (await pulled).json;
  expect(deliveries).toMatchObject([{ attempt: 1, event: { id } }]);
  await send("POST", "/v1/subscriptions/readers/settle", { ack: [deliveries[0].receipt] });
  await bus.settled(id);
  expect((await get("/v1/subscriptions")).json).not.toHaveProperty("rates");
  expect((await get("/v1/subscriptions?rates=1")).json).toMatchObject({
    subscriptions: [{ record: { name: "readers" }, waiting: 0 }],
    rates: { overMs: 300_000, subscriptions: { readers: { handledPerMinute: 0.2, failedPerMinute: 0 } } },
  });
});

test("a token for some types sees no overview of all, and of the catalog its own", async () => {
  const { path, remove } = await temporaryDirectory();
  onTestFinished(remove);
  const file = new TokenFile(`${path}/tokens.json`);
  const now = Date.now();
  const { stored, text } = createToken({ roles: ["subscribe"], types: ["task.*"] }, { now, expiresAt: now + 60_000 });
  await file.add(stored, now);
  const { bus, get } = await serve({ needsToken: true, tokenFile: file.path });
  const as = { authorization: `Bearer ${text}` };
  const other = await bus.publish({ type: "custom.secret", data: {} });
  for (const route of ["/v1/flows", "/v1/agents", "/v1/dead-letters/groups"]) {
    expect(await get(route), route).toMatchObject({ status: 401 });
    expect(await get(route, as), route).toMatchObject({ status: 403, json: { code: "forbidden" } });
  }
  expect((await get(`/v1/events/${other.id}/deliveries`, as)).status).toBe(404);
  const { types } = (await get("/v1/catalog", as)).json;
  expect(types.length).toBeGreaterThan(3);
  expect(types.every(({ type }: { type: string }) => type.startsWith("task."))).toBe(true);
  expect((await get("/v1/catalog/agent.started", as)).status).toBe(404);
});
