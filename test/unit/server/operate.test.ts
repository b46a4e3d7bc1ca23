import { expect, test } from "vitest";
import { NonRetriableError } from "../../../lib/index.ts";
import { serve } from "./serve.ts";

async function withDeadLetters() {
  const served = await serve();
  const { bus } = served;
  const subscription = { name: "readers", on: "custom.*", attempts: 1 };
  const failing = await bus.subscribe(subscription, () => {
    throw new NonRetriableError("no");
  });
  const one = await bus.publish({ type: "custom.one", data: {} });
  const two = await bus.publish({ type: "custom.two", data: {} });
  await bus.settled(one.metadata.correlationId);
  await bus.settled(two.metadata.correlationId);
  await failing.close();
  return { ...served, one, two };
}

test("dead letters are listed, shown, redriven and discarded", async () => {
  const { get, send, bus, one } = await withDeadLetters();
  const { deadLetters } = (await get("/v1/dead-letters?subscription=readers&limit=10")).json;
  expect(deadLetters).toHaveLength(2);
  const [newest, oldest] = deadLetters;
  expect((await get(`/v1/dead-letters/${oldest.id}`)).json).toMatchObject({
    event: one,
    reason: { code: "non_retriable", message: "no" },
  });
  expect((await get("/v1/dead-letters?code=timeout")).json.deadLetters).toEqual([]);
  expect((await send("POST", "/v1/dead-letters/redrive", { ids: [oldest.id, "none"] })).json).toMatchObject({
    done: [oldest.id],
    failed: [{ id: "none" }],
  });
  expect((await send("POST", "/v1/dead-letters/discard", { where: {} })).json).toEqual({
    done: [newest.id],
    failed: [],
  });
  expect((await get(`/v1/dead-letters/${newest.id}`)).status).toBe(404);
  expect(await bus.subscriptions.get("readers")).toMatchObject({ waiting: 1, deadLetters: 0 });
});

test.each([[{}], [{ ids: [] }], [{ ids: ["a"], where: {} }], [{ where: { subscriptoin: "a" } }], [[]]])(
  "neither one nor the other, or both, redrives nothing: %j",
  async (body) => {
    const { send, bus } = await withDeadLetters();
    for (const act of ["redrive", "discard"]) {
      expect(await send("POST", `/v1/dead-letters/${act}`, body)).toMatchObject({
        status: 400,
        json: { code: "invalid_config" },
      });
    }
    expect(await bus.subscriptions.get("readers")).toMatchObject({ waiting: 0, deadLetters: 2 });
  },
);

test("past events are replayed, or only counted", async () => {
  const { send, bus } = await withDeadLetters();
  const select = { type: "custom.one" };
  const counted = await send("POST", "/v1/replays", { select, to: "readers", dryRun: true });
  expect(counted.json).toMatchObject({ dryRun: true, events: 1, deliveries: { readers: 1 } });
  expect(await bus.subscriptions.get("readers")).toMatchObject({ waiting: 0 });
  expect((await send("POST", "/v1/replays", { select, to: "*" })).json).toMatchObject({ dryRun: false, events: 1 });
  expect(await bus.subscriptions.get("readers")).toMatchObject({ waiting: 1 });
  expect(await send("POST", "/v1/replays", { select, to: "none" })).toMatchObject({ status: 404 });
  expect(await send("POST", "/v1/replays", { to: "*" })).toMatchObject({ status: 400, json: { path: "select" } });
});

test("it says whether it lives and whether it is ready", async () => {
  const { get, bus } = await serve();
  expect((await get("/healthz")).json).toEqual({ status: "ok" });
  expect((await get("/readyz")).json).toEqual({ status: "ready" });
  await bus.close();
  expect((await get("/readyz")).json).toMatchObject({ status: 503, code: "closed" });
  expect((await get("/healthz")).status).toBe(200);
});

test("Prometheus reads counts and depths", async () => {
  const { get, bus } = await withDeadLetters();
  await bus.publish({ type: "custom.three", data: {} });
  const { status, headers, text } = await get("/metrics");
  expect(status).toBe(200);
  expect(headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
  const lines = text.split("\n");
  expect(lines).toContain("# TYPE waggle_published_total counter");
  expect(lines).toContain("waggle_published_total 3");
  expect(lines).toContain("waggle_dead_lettered_total 2");
  expect(lines).toContain('waggle_waiting{subscription="readers"} 1');
  expect(lines).toContain('waggle_dead_letters{subscription="readers"} 2');
  for (const line of lines.slice(0, -1))
    expect(line).toMatch(/^(# (HELP|TYPE) waggle_\w+ .+|waggle_\w+(\{\w+="[^"]*"(,\w+="[^"]*")*\})? [\d.e-]+)$/);
});
