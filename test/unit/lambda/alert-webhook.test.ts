import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";
import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { RetryAfterError } from "../../../lib/delivery/handler-errors.ts";
import { createClients } from "../../../lib/engines/aws/clients.ts";
import { alertSender } from "../../../lib/lambda/alert-webhook.ts";
import { ManualClock } from "../../../lib/testing/manual-clock.ts";
import { anEvent } from "../../support/an-event.ts";
import { startJsonStub } from "../../support/json-stub.ts";

const secret = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
const event = anEvent({ type: "system.performance.alert", data: { metric: "cost", value: 3 } });

let answer: { readonly status: number; readonly headers?: Record<string, string> } = { status: 204 };
let parameter: unknown = secret;
const asked: unknown[] = [];
const got: { headers: IncomingMessage["headers"]; body: string }[] = [];
const server = createServer(async (request, response) => {
  got.push({ headers: request.headers, body: await text(request) });
  response.writeHead(answer.status, answer.headers).end("what it says");
});
let url = "";
let stub: Awaited<ReturnType<typeof startJsonStub>>;
let clients: ReturnType<typeof createClients>;

beforeAll(async () => {
  vi.stubEnv("AWS_ACCESS_KEY_ID", "test");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "test");
  stub = await startJsonStub({
    GetParameter: (input) => {
      asked.push(input);
      return { Parameter: { Value: parameter } };
    },
  });
  clients = createClients({ region: "us-east-1", endpoint: stub.url });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  url = typeof address === "object" && address !== null ? `http://127.0.0.1:${address.port}/alerts?key=1` : "";
});
beforeEach(() => {
  answer = { status: 204 };
  parameter = secret;
  asked.length = 0;
  got.length = 0;
});
afterAll(async () => {
  vi.unstubAllEnvs();
  clients.destroy();
  await stub.close();
  server.close();
});

function sender() {
  const clock = new ManualClock(Date.now());
  const send = alertSender({ webhook: url, secretParameter: "/ops/alerts" }, { clock, clients: () => clients });
  const context = { attempt: 2, subscription: "alert-webhook", signal: new AbortController().signal };
  return { clock, send: () => send(event, context) };
}

test("an alert is a POST that the secret of the parameter signs, which is asked for every five minutes", async () => {
  const { clock, send } = sender();
  await send();
  await send();
  expect(asked).toEqual([{ Name: "/ops/alerts", WithDecryption: true }]);
  const [first] = got;
  const headers = Object.fromEntries(
    Object.entries(first?.headers ?? {}).map(([name, value]) => [name, String(value)]),
  );
  expect(new Webhook(secret).verify(first?.body ?? "", headers)).toEqual(event);
  expect(headers).toMatchObject({
    "webhook-id": event.id,
    "waggle-subscription": "alert-webhook",
    "waggle-attempt": "2",
  });
  await clock.advance("5m");
  await send();
  expect(asked).toHaveLength(2);
});

test("what is not taken fails, in words that hold neither the secret nor the query of the URL", async () => {
  const { send } = sender();
  answer = { status: 500 };
  const failed = await send().catch((thrown: unknown) => thrown);
  expect(String(failed)).toBe(`Error: ${new URL(url).origin} answered with 500`);
  answer = { status: 302, headers: { location: url } };
  await expect(send()).rejects.toThrow("answered with 302");
  answer = { status: 503, headers: { "retry-after": "7" } };
  const busy = await send().catch((thrown: unknown) => thrown);
  expect(busy).toBeInstanceOf(RetryAfterError);
  expect(busy).toMatchObject({ afterMs: 7_000 });
  expect(got).toHaveLength(3);
});

test("a parameter that holds no secret is named, and not what it holds", async () => {
  parameter = "my password";
  const failed = await sender()
    .send()
    .catch((thrown: unknown) => thrown);
  expect(String(failed)).toMatch("parameter /ops/alerts must hold whsec_");
  expect(String(failed)).not.toContain("my password");
  expect(got).toEqual([]);
});
