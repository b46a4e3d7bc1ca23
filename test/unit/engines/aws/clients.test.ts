import { PutEventsCommand } from "@aws-sdk/client-eventbridge";
import { ReceiveMessageCommand } from "@aws-sdk/client-sqs";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { clientSettings, createClients, longPoll } from "../../../../lib/engines/aws/clients.ts";
import { type Fault, startAwsStub } from "../../../support/aws-stub.ts";

let end = async () => {};
beforeEach(() => {
  vi.stubEnv("AWS_ACCESS_KEY_ID", "test");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "test");
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await end();
});

async function clientsOf(fault: Fault, requestTimeoutMs: number) {
  let requests = 0;
  const stub = await startAwsStub({
    fault: () => {
      requests += 1;
      return fault;
    },
  });
  const clients = createClients({ region: "us-east-1", endpoint: stub.url, requestTimeoutMs });
  end = async () => {
    clients.destroy();
    await stub.close();
  };
  return { clients, requests: () => requests, url: stub.url };
}

const entry = { Source: "test", DetailType: "task.created", Detail: "{}", EventBusName: "agents" };

test("each client is made once, when it is asked for", async () => {
  const clients = createClients({ region: "us-east-1" });
  expect(clients.sqs).toBe(clients.sqs);
  expect(await clients.ssm()).toBe(await clients.ssm());
  expect(await clients.s3()).toBe(await clients.s3());
  expect(await clients.ssm()).toMatchObject({ config: { requestHandler: expect.anything() } });
  clients.destroy();
});

test("a request whose answer never comes ends, after the attempts that were set", async () => {
  const { clients, requests } = await clientsOf({ kind: "hang" }, 50);
  let attempts = 0;
  clients.events.middlewareStack.add(
    (next) => (args) => {
      attempts += 1;
      return next(args);
    },
    { step: "finalizeRequest", priority: "low" },
  );
  await expect(clients.events.send(new PutEventsCommand({ Entries: [entry] }))).rejects.toMatchObject({
    name: "TimeoutError",
    $metadata: { attempts: 2 },
  });
  expect(attempts).toBe(2);
  // On a busy machine one may be given up before it has reached the server.
  expect(requests()).toBeLessThanOrEqual(2);
});

test("a long poll may take its 20 s where any other request of the same client would be over", async () => {
  const { clients, url } = await clientsOf({ kind: "hang" }, 50);
  const ending = new AbortController();
  const poll = clients.sqs.send(
    new ReceiveMessageCommand({ QueueUrl: `${url}/000000000000/q`, WaitTimeSeconds: longPoll.waitSeconds }),
    { requestTimeout: 60_000, abortSignal: ending.signal },
  );
  const other = clients.sqs.send(new ReceiveMessageCommand({ QueueUrl: `${url}/000000000000/q` }));
  const ended = (request: Promise<unknown>, name: string) =>
    request.then(
      () => name,
      () => name,
    );
  expect(await Promise.race([ended(poll, "poll"), ended(other, "other")])).toBe("other");
  ending.abort();
  await poll.catch(() => {});
  const { requestHandler } = clientSettings("sqs");
  expect(longPoll.sendOptions.requestTimeout).toBeGreaterThan(longPoll.waitSeconds * 1_000);
  expect(requestHandler.socketTimeout).toBeGreaterThan(longPoll.sendOptions.requestTimeout);
});

test("Region and endpoint are left to the SDK unless they are given", () => {
  expect(clientSettings("dynamo")).not.toHaveProperty("region");
  expect(clientSettings("dynamo")).not.toHaveProperty("endpoint");
  expect(clientSettings("dynamo", { endpoint: "http://127.0.0.1:1" })).toMatchObject({
    endpoint: "http://127.0.0.1:1",
  });
});
