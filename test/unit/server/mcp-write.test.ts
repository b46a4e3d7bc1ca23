import { expect, test } from "vitest";
import type { Grant } from "../../../lib/server/access/grant.ts";
import { callTool, connectTo, tokenFile } from "./mcp-client.ts";
import { serve } from "./serve.ts";

const reading = ["query_events", "get_event", "get_flow", "wait_for_event"];
const claiming = ["claim_deliveries", "settle_deliveries", "read_inbox", "ack_inbox"];
const all = [...reading, "list_dead_letters", "publish_event", "redrive_dead_letters", ...claiming];

/** A server, and clients of it by the grants of their tokens. */
async function start() {
  const { tokenFile: file, token } = await tokenFile();
  const { bus, url } = await serve({ tokenFile: file });
  return { bus, url, as: async (grant: Grant) => connectTo(url, await token(grant)) };
}

test.each([
  { roles: ["publish"], tools: ["publish_event"] },
  { roles: ["subscribe"], tools: [...reading, ...claiming] },
  { roles: ["publish", "subscribe"], tools: [...reading, "publish_event", ...claiming] },
  { roles: ["operate"], tools: all },
] as const)("a token of $roles has the tools that it may use, and no other", async ({ roles, tools }) => {
  const { bus, as } = await start();
  const client = await as({ roles: [...roles] });
  const listed = (await client.listTools()).tools;
  expect(listed.map(({ name }) => name)).toEqual(tools);
  for (const name of all.filter((one) => !listed.some((tool) => tool.name === one))) {
    await expect(callTool(client, name, { type: "custom.a", data: {} })).rejects.toThrow("not found");
  }
  expect((await bus.history.query()).events).toEqual([]);
});

test("without a token nothing is written, by whatever name it is called", async () => {
  const { bus, url } = await start();
  const client = await connectTo(url);
  await expect(callTool(client, "publish_event", { type: "custom.a", data: {} })).rejects.toThrow("not found");
  await expect(callTool(client, "claim_deliveries", { subscription: "s", types: ["*"] })).rejects.toThrow("not found");
  expect((await bus.subscriptions.list()).filter(({ ephemeral }) => !ephemeral)).toEqual([]);
  expect((await bus.history.query()).events).toEqual([]);
});

test("a token publishes in its name and of its types alone", async () => {
  const { bus, as } = await start();
  const client = await as({ roles: ["publish"], source: "agent-7", types: ["custom.a.*"] });
  const published = await callTool(client, "publish_event", { type: "custom.a.b", data: { n: 1 }, id: "own" });
  expect(published.json).toMatchObject({ id: "own", source: "agent-7", data: { n: 1 } });
  expect((await callTool(client, "publish_event", { type: "custom.b", data: {} })).json.code).toBe("forbidden");
  expect((await callTool(client, "publish_event", { type: "custom.a.b", data: {}, id: "own" })).json.code).toBe(
    "conflict",
  );
  expect((await bus.history.query()).events.map(({ id }) => id)).toEqual(["own"]);
});

test("a token for some types reads, waits for and claims those alone", async () => {
  const { bus, as } = await start();
  const client = await as({ roles: ["subscribe", "operate"], types: ["custom.*"] });
  const own = await bus.publish({ type: "custom.a", data: {} });
  const foreign = await bus.publish({ type: "task.created", data: { taskId: "t" } });
  await bus.subscribe({ name: "fails", on: ["task.*", "custom.*"], attempts: 1, from: "beginning" }, () => {
    throw new Error("broken");
  });
  await bus.settled(foreign.id);
  await bus.settled(own.id);
  const { deadLetters } = await bus.deadLetters.list();
  const letterOf = (id: string) => deadLetters.find(({ event }) => event.id === id)?.id ?? "";
  const refused: [tool: string, input: Record<string, unknown>, code: string][] = [
    ["query_events", {}, "forbidden"],
    ["query_events", { types: ["task.*"] }, "forbidden"],
    ["query_events", { types: ["*"] }, "forbidden"],
    ["get_event", { id: foreign.id }, "not_found"],
    ["get_flow", { id: own.id }, "forbidden"],
    ["wait_for_event", { types: ["custom.a", "task.created"] }, "forbidden"],
    ["wait_for_event", { types: ["custom.a"], after: foreign.id }, "not_found"],
    ["list_dead_letters", {}, "forbidden"],
    ["list_dead_letters", { type: "task.created" }, "forbidden"],
    ["redrive_dead_letters", { ids: [letterOf(own.id), letterOf(foreign.id)] }, "forbidden"],
    ["claim_deliveries", { subscription: "fails" }, "forbidden"],
    ["claim_deliveries", { subscription: "fails", types: ["custom.*"] }, "forbidden"],
    ["claim_deliveries", { subscription: "all", types: ["*"] }, "forbidden"],
  ];
  for (const [tool, input, code] of refused) {
    const { isError, json } = await callTool(client, tool, input);
    expect([tool, input, isError, json.code]).toEqual([tool, input, true, code]);
  }
  expect((await callTool(client, "query_events", { types: ["custom.*"] })).json.events).toMatchObject([{ id: own.id }]);
  expect((await callTool(client, "get_event", { id: own.id })).json.id).toBe(own.id);
  const listed = await callTool(client, "list_dead_letters", { type: "custom.a" });
  expect(listed.json.deadLetters).toMatchObject([{ id: letterOf(own.id) }]);
  expect((await bus.subscriptions.get("all")) ?? "none").toBe("none");
});

test("an agent claims deliveries, and settles each in its own way", async () => {
  const { bus, as } = await start();
  const client = await as({ roles: ["subscribe", "operate"] });
  const made = await callTool(client, "claim_deliveries", { subscription: "work", types: ["custom.work"] });
  expect(made).toMatchObject({ isError: false, json: { deliveries: [] } });
  for (const n of [1, 2, 3, 4]) await bus.publish({ type: "custom.work", data: { n } });
  const claim = async (max: number) =>
    (await callTool(client, "claim_deliveries", { subscription: "work", max, waitSeconds: 20 })).json.deliveries;
  const [first, second, third] = await claim(3);
  expect([first, second, third].map(({ event, attempt }) => [event.data.n, attempt])).toEqual([
    [1, 1],
    [2, 1],
    [3, 1],
  ]);
  const settle = (how: Record<string, unknown>) =>
    callTool(client, "settle_deliveries", { subscription: "work", ...how });
  const settled = await settle({
    ack: [first.receipt],
    retry: [{ receipt: second.receipt, delaySeconds: 0, error: "not now" }],
    reject: [{ receipt: third.receipt, error: "nonsense" }, { receipt: "no-receipt" }],
  });
  expect(settled.json.results).toMatchObject([
    { ok: true },
    { ok: true },
    { ok: true },
    { ok: false, error: { code: "not_found" } },
  ]);
  expect((await settle({ ack: [first.receipt] })).json.results).toMatchObject([{ ok: true }]);
  expect((await settle({ reject: [{ receipt: first.receipt }] })).json.results).toMatchObject([
    { ok: false, error: { code: "conflict" } },
  ]);
  const [fourth] = await claim(1);
  const extended = await settle({ extend: [{ receipt: fourth.receipt, seconds: 3_600 }] });
  expect(Date.parse(extended.json.results[0].ackBy)).toBeGreaterThan(Date.parse(fourth.ackBy));
  await settle({ release: [fourth.receipt] });
  const left = [...(await claim(1)), ...(await claim(1))];
  expect(left.map(({ event, attempt }) => [event.data.n, attempt]).sort()).toEqual([
    [2, 2],
    [4, 1],
  ]);
  const letters = (await callTool(client, "list_dead_letters", { subscription: "work" })).json.deadLetters;
  expect(letters).toMatchObject([{ reason: { message: "nonsense" }, event: { data: { n: 3 } } }]);
  expect((await callTool(client, "redrive_dead_letters", { ids: [letters[0].id] })).isError).toBe(false);
  expect((await claim(1))[0].event.data.n).toBe(3);
});

test("an agent reads its inbox, each message until it is acknowledged, and that of no other", async () => {
  const { bus, as } = await start();
  const client = await as({ roles: ["subscribe"], source: "reviewer" });
  const sent = await bus.publish({ type: "custom.message", data: { to: ["reviewer"], text: "a" } });
  await bus.publish({ type: "custom.message", data: { to: "planner", text: "b" } });
  const tagged = await bus.publish({ type: "custom.c", data: {}, metadata: { tags: ["to:reviewer"] } });
  const read = async (input: object) => (await callTool(client, "read_inbox", { agent: "reviewer", ...input })).json;
  const [first] = (await read({ max: 1, waitSeconds: 20 })).messages;
  expect(first.event.id).toBe(sent.id);
  const acked = await callTool(client, "ack_inbox", { agent: "reviewer", receipts: [first.receipt, "none"] });
  expect(acked.json.results).toMatchObject([{ ok: true }, { ok: false, error: { code: "not_found" } }]);
  expect((await read({ waitSeconds: 20 })).messages).toMatchObject([{ event: { id: tagged.id } }]);
  expect((await callTool(client, "read_inbox", { agent: "planner" })).json.code).toBe("forbidden");
  expect((await callTool(client, "ack_inbox", { agent: "planner", receipts: ["r"] })).json.code).toBe("forbidden");
  expect((await callTool(client, "read_inbox", { agent: "Re Viewer" })).json.code).toBe("forbidden");
  const some = await as({ roles: ["subscribe"], types: ["custom.*"] });
  expect((await callTool(some, "read_inbox", { agent: "reviewer" })).json.code).toBe("forbidden");
  const any = await as({ roles: ["subscribe"] });
  expect((await callTool(any, "read_inbox", { agent: "../x" })).json.code).toBe("invalid_config");
});

test("a subscription that is there stays as it is", async () => {
  const { bus, as } = await start();
  const client = await as({ roles: ["subscribe"] });
  const input = { subscription: "work", types: ["custom.a", "custom.b"], where: { data: { n: [1] } } };
  await callTool(client, "claim_deliveries", { ...input, ackTimeoutSeconds: 60 });
  expect((await callTool(client, "claim_deliveries", { ...input, types: ["custom.b", "custom.a"] })).isError).toBe(
    false,
  );
  const other = await callTool(client, "claim_deliveries", { ...input, types: ["custom.a"] });
  expect(other.json).toMatchObject({ code: "conflict", message: expect.stringContaining("work") });
  expect((await bus.subscriptions.get("work"))?.record).toMatchObject({
    on: ["custom.a", "custom.b"],
    timeout: 60_000,
  });
});

test("hostile arguments are refused with a code, and nothing is written", async () => {
  const { bus, as } = await start();
  const client = await as({ roles: ["operate"] });
  let deep: unknown = {};
  for (let depth = 0; depth < 1_100; depth += 1) deep = { deep };
  const refused: [tool: string, input: Record<string, unknown>, code: string][] = [
    ["publish_event", {}, "invalid_config"],
    ["publish_event", { type: "custom.a" }, "invalid_config"],
    ["publish_event", { type: "custom.a", data: [] }, "invalid_config"],
    ["publish_event", { type: "custom.a", data: {}, source: "another" }, "invalid_config"],
    ["publish_event", { type: "custom.a", data: {}, id: "" }, "invalid_config"],
    ["publish_event", { type: "custom.a", data: {}, id: "\u0007" }, "invalid_event"],
    ["publish_event", { type: "", data: {} }, "invalid_config"],
    ["publish_event", { type: "x".repeat(129), data: {} }, "invalid_config"],
    ["publish_event", { type: "custom.a", data: { n: 2 ** 53 + 2 } }, "invalid_event"],
    ["publish_event", { type: "custom.a", data: { deep } }, "invalid_event"],
    ["publish_event", { type: "custom.a", data: { long: "x".repeat(1_100_000) } }, "event_too_large"],
    ["publish_event", { type: "task.created", data: {} }, "invalid_event"],
    ["publish_event", { type: "task.none", data: {} }, "unknown_type"],
    ["redrive_dead_letters", {}, "invalid_config"],
    ["redrive_dead_letters", { ids: [] }, "invalid_config"],
    ["redrive_dead_letters", { ids: Array.from({ length: 101 }, String) }, "invalid_config"],
    ["redrive_dead_letters", { ids: "all" }, "invalid_config"],
    ["redrive_dead_letters", { where: {} }, "invalid_config"],
    ["claim_deliveries", { subscription: "none" }, "not_found"],
    ["claim_deliveries", { subscription: "../etc", types: ["*"] }, "invalid_config"],
    ["claim_deliveries", { subscription: "s", types: [] }, "invalid_config"],
    ["claim_deliveries", { subscription: "s", types: ["task.none"] }, "unknown_type"],
    ["claim_deliveries", { subscription: "s", types: ["*"], where: { data: 1 } }, "invalid_pattern"],
    ["claim_deliveries", { subscription: "s", types: ["*"], from: "yesterday" }, "invalid_config"],
    ["claim_deliveries", { subscription: "s", types: ["*"], ackTimeoutSeconds: 1e9 }, "invalid_config"],
    ["claim_deliveries", { subscription: "s", where: {} }, "invalid_config"],
    ["claim_deliveries", { subscription: "s", max: 21 }, "invalid_config"],
    ["claim_deliveries", { subscription: "s", max: 0 }, "invalid_config"],
    ["claim_deliveries", { subscription: "s", max: "1" }, "invalid_config"],
    ["claim_deliveries", { subscription: "s", waitSeconds: 51 }, "invalid_config"],
    ["settle_deliveries", { subscription: "s" }, "invalid_config"],
    ["settle_deliveries", { subscription: "s", ack: Array.from({ length: 101 }, String) }, "invalid_config"],
    [
      "settle_deliveries",
      { subscription: "s", ack: Array.from({ length: 60 }, String), release: Array.from({ length: 60 }, String) },
      "invalid_config",
    ],
    ["settle_deliveries", { subscription: "s", ack: [1] }, "invalid_config"],
    ["settle_deliveries", { subscription: "s", extend: [{ receipt: "r", seconds: -1 }] }, "invalid_config"],
    ["settle_deliveries", { subscription: "s", retry: [{ receipt: "r", delaySeconds: 1e9 }] }, "invalid_config"],
    ["settle_deliveries", { subscription: "s", nack: ["r"] }, "invalid_config"],
  ];
  for (const [tool, input, code] of refused) {
    const { isError, json, text } = await callTool(client, tool, input);
    expect([tool, Object.keys(input), isError, json?.code]).toEqual([tool, Object.keys(input), true, code]);
    expect(text.length).toBeLessThan(2_000);
  }
  expect((await bus.history.query()).events).toEqual([]);
  expect((await bus.subscriptions.list()).filter(({ ephemeral }) => !ephemeral)).toEqual([]);
});
