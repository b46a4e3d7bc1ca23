import { join } from "node:path";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { openBusOnEngine } from "../../../lib/connect/index.ts";
import type { Grant } from "../../../lib/server/access/grant.ts";
import { TokenFile } from "../../../lib/server/access/token-file.ts";
import { createToken } from "../../../lib/server/access/tokens.ts";
import { type RunningServer, startServer } from "../../../lib/server/index.ts";
import type { AnyEvents, ServedBus } from "../../../lib/server/served-bus.ts";
import { subscriptionRecord } from "../../../lib/subscription/record.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";
import { roles, tokens } from "./hostile/access.ts";
import { hosts, origins } from "./hostile/addresses.ts";
import { agUi } from "./hostile/ag-ui.ts";
import { bodies, cloudEvents } from "./hostile/bodies.ts";
import { calls } from "./hostile/calls.ts";
import { mcp } from "./hostile/mcp.ts";
import { messages, methods, paths } from "./hostile/messages.ts";
import { putEvents } from "./hostile/put-events.ts";
import { draft, json } from "./hostile/refusals.ts";
import type { Holder, Hostile } from "./hostile/request.ts";
import { webhooks } from "./hostile/webhooks.ts";
import { sendRaw } from "./raw-request.ts";

const grants: Readonly<Record<Exclude<Holder, "nobody">, Grant>> = {
  publisher: { roles: ["publish"], source: "agent-7", types: ["task.*", "custom.a.*"] },
  subscriber: { roles: ["subscribe"], types: ["custom.*"] },
  operator: { roles: ["operate"], types: ["custom.*"] },
  expired: { roles: ["operate"] },
};

let served: ServedBus;
let open: RunningServer;
let guarded: RunningServer;
/** Gives up a request soon; the others wait for as long as a busy machine takes. */
let impatient: RunningServer;
const authorization = new Map<Holder, string>();

beforeAll(async () => {
  const { path, remove } = await temporaryDirectory();
  const file = new TokenFile(join(path, "tokens.json"));
  for (const [holder, grant] of Object.entries(grants)) {
    const made = holder === "expired" ? Date.now() - 2_000 : Date.now();
    const { text, stored } = createToken(grant, {
      now: made,
      expiresAt: made + (holder === "expired" ? 1_000 : 3_600_000),
    });
    await file.add(stored, 0);
    authorization.set(holder as Holder, `Bearer ${text}`);
  }
  served = await openBusOnEngine<AnyEvents>({ engine: "memory", source: "test", logLevel: "silent" });
  await served.bus.publish({ type: "task.created", id: "foreign", data: { taskId: "a" } });
  await served.engine.subscriptions.put(subscriptionRecord({ name: "foreign", on: "task.*" }), { ephemeral: false });
  const limits = { port: 0, bodyLimit: 65_536 };
  open = await startServer(served, limits);
  impatient = await startServer(served, { ...limits, headersTimeoutMs: 200, requestTimeoutMs: 400 });
  guarded = await startServer(served, { ...limits, needsToken: true, tokenFile: file.path });
  return async () => {
    await Promise.all([open, guarded, impatient].map((server) => server.close()));
    await served.bus.close();
    await remove();
  };
});

async function refusalOf({
  as,
  body,
  headers,
  method,
  neverEnds = false,
  path = "/",
  raw,
}: Hostile): Promise<{ status: number; code: unknown }> {
  const { port } = as !== undefined ? guarded : neverEnds ? impatient : open;
  if (raw !== undefined) {
    const answer = await sendRaw(port, Buffer.from(raw.replaceAll("HOST", `127.0.0.1:${port}`), "latin1"));
    return { status: answer?.status ?? 0, code: answer?.json?.code ?? "" };
  }
  const token = as === undefined ? undefined : authorization.get(as);
  const response = await fetch(`http://127.0.0.1:${port}${path}`, {
    method: method ?? (body === undefined ? "GET" : "POST"),
    headers: {
      ...(body === undefined ? {} : json),
      ...(token === undefined ? {} : { authorization: token }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  if (headers?.["x-amz-target"] !== undefined) {
    expect(response.headers.get("content-type")).toBe("application/x-amz-json-1.1");
    const { __type: code, message } = Object(await response.json());
    expect(message).toEqual(expect.any(String));
    return { status: response.status, code };
  }
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  const problem = Object(await response.json());
  expect(problem).toMatchObject({
    status: response.status,
    detail: expect.any(String),
    retryable: expect.any(Boolean),
  });
  return { status: response.status, code: problem.code };
}

const all = {
  agUi,
  mcp,
  tokens,
  roles,
  hosts,
  origins,
  methods,
  paths,
  messages,
  bodies,
  cloudEvents,
  calls,
  putEvents,
  webhooks,
};

describe.each(Object.entries(all))("refused: %s", (_, requests) => {
  test.each(requests)("$name", async (request) => {
    const { status, code } = request;
    expect(await refusalOf(request)).toEqual({ status, code });
  });
});

test("there are more than two hundred of them, and none has left anything", async () => {
  expect(Object.values(all).flat().length).toBeGreaterThan(230);
  const { events } = await served.bus.history.query();
  expect(events.map(({ id }) => id)).toEqual(["foreign"]);
});

test("the same senders may do what they are allowed", async () => {
  const call = async (holder: Holder, path: string, body?: unknown) => {
    const response = await fetch(`http://127.0.0.1:${guarded.port}${path}`, {
      method: body === undefined ? "GET" : "POST",
      headers: { authorization: authorization.get(holder) ?? "", ...json },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: Object(await response.json()) };
  };
  const published = await call("publisher", "/v1/events", [
    { type: "custom.a.b", data: {} },
    { ...draft, source: "agent-8" },
  ]);
  expect(published.body.results).toMatchObject([
    { ok: true, event: { source: "agent-7" } },
    { ok: false, error: { code: "forbidden" } },
  ]);
  expect((await call("subscriber", "/v1/events?type=custom.*")).body.events).toMatchObject([{ type: "custom.a.b" }]);
  expect((await call("subscriber", "/v1/wait", { for: "custom.*", since: "2020-01-01T00:00:00Z" })).status).toBe(200);
  expect((await call("nobody", "/healthz")).status).toBe(200);
});

test("a listed origin is allowed, and told so; by its listed name the server answers", async () => {
  const server = await startServer(served, { port: 0, hosts: ["bus.internal"], origins: ["https://app.example"] });
  onTestFinished(() => server.close());
  const ask = (headers: string, method = "GET") =>
    sendRaw(server.port, `${method} /v1/stats HTTP/1.1\r\nhost: bus.internal:${server.port}\r\n${headers}\r\n`);
  expect((await ask(""))?.status).toBe(200);
  const answer = await ask("origin: https://app.example\r\n");
  expect(answer?.status).toBe(200);
  expect(answer?.headers).toContain("access-control-allow-origin: https://app.example");
  const preflight = await ask(
    "origin: https://app.example\r\naccess-control-request-headers: authorization\r\nconnection: close\r\n",
    "OPTIONS",
  );
  expect(preflight?.status).toBe(204);
  expect(preflight?.headers).toContain("access-control-allow-headers: authorization");
  expect((await ask("origin: https://other.example\r\n"))?.status).toBe(403);
});

test("anything but loopback needs a token, whatever is asked for", async () => {
  const server = await startServer(served, { port: 0, host: "0.0.0.0", needsToken: false });
  onTestFinished(() => server.close());
  expect((await fetch(`http://127.0.0.1:${server.port}/v1/stats`)).status).toBe(401);
});
