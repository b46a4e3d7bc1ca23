import { join } from "node:path";
import { EventBridgeClient, PutEventsCommand, type PutEventsRequestEntry } from "@aws-sdk/client-eventbridge";
import fc from "fast-check";
import { describe, expect, onTestFinished, test } from "vitest";
import { BusError } from "../../../lib/index.ts";
import type { Grant } from "../../../lib/server/access/grant.ts";
import { TokenFile } from "../../../lib/server/access/token-file.ts";
import { createToken } from "../../../lib/server/access/tokens.ts";
import { entryToDraft } from "../../../lib/server/put-events/to-draft.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";
import { serve } from "./serve.ts";

interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

const anyCredentials: Credentials = { accessKeyId: "test", secretAccessKey: "test" };

/** The SDK's own client, as it comes, with another endpoint. */
function sdk(endpoint: string, credentials: Credentials = anyCredentials) {
  const client = new EventBridgeClient({ endpoint, region: "us-east-1", credentials, maxAttempts: 1 });
  onTestFinished(() => client.destroy());
  return {
    put: (...Entries: PutEventsRequestEntry[]) => client.send(new PutEventsCommand({ Entries })),
  };
}

const entry = (given: Partial<PutEventsRequestEntry> = {}): PutEventsRequestEntry => ({
  Source: "billing",
  DetailType: "custom.invoice.paid",
  Detail: '{"invoice":"i-1"}',
  ...given,
});

test("an SDK publishes: Detail in the bus's own shape is the event, any other object is its data", async () => {
  const { bus, url } = await serve();
  const own = {
    id: "invoice-1",
    time: "2026-01-31T12:00:00.123Z",
    data: { invoice: "i-1" },
    metadata: { correlationId: "flow-1", priority: 2, tags: ["a"] },
  };
  const { FailedEntryCount, Entries = [] } = await sdk(url).put(
    entry({ Detail: JSON.stringify(own), Time: new Date("2020-01-01T00:00:00Z") }),
    entry({ Time: new Date("2026-01-31T12:00:00.500Z"), EventBusName: "agents", Resources: ["arn:aws:s3:::b"] }),
    entry({ TraceHeader: "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1" }),
  );
  expect(FailedEntryCount).toBe(0);
  expect(await bus.history.get("invoice-1")).toEqual({
    ...own,
    type: "custom.invoice.paid",
    source: "billing",
    metadata: { ...own.metadata, version: 1 },
  });
  const [, second, third] = await Promise.all(Entries.map(({ EventId = "" }) => bus.history.get(EventId)));
  expect(second).toMatchObject({
    time: "2026-01-31T12:00:00.500Z",
    source: "billing",
    data: { invoice: "i-1" },
    metadata: { correlationId: second?.id, priority: 5, tags: ["resource:arn:aws:s3:::b"] },
  });
  expect(third?.metadata.traceparent).toBe("00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01");
});

test("a bad entry has EventBridge's own code and harms no other", async () => {
  const { bus, url } = await serve();
  const { FailedEntryCount, Entries = [] } = await sdk(url).put(
    entry({ Source: undefined }),
    entry({ DetailType: "" }),
    entry({ Detail: undefined }),
    entry({ Detail: "{" }),
    entry({ Detail: "[]" }),
    entry({ Source: "aws.s3" }),
    entry({ DetailType: "Invoice Paid" }),
    entry({ DetailType: "task.created", Detail: '{"taskId":5}' }),
    entry({ Detail: '{"data":{},"metadata":{"replay":{"id":"a"}}}' }),
    entry(),
  );
  expect(FailedEntryCount).toBe(9);
  expect(Entries.map(({ ErrorCode }) => ErrorCode)).toEqual([
    "InvalidArgument",
    "InvalidArgument",
    "InvalidArgument",
    "MalformedDetail",
    "MalformedDetail",
    "NotAuthorizedForSourceException",
    "InvalidArgument",
    "InvalidArgument",
    "InvalidArgument",
    undefined,
  ]);
  expect(Entries[7]?.ErrorMessage).toContain("taskId");
  const { events } = await bus.history.query();
  expect(events.map(({ id }) => id)).toEqual([Entries[9]?.EventId]);
});

test("an event with an id of its own is one event, however often it is put; other content is refused", async () => {
  const { bus, url } = await serve();
  const { put } = sdk(url);
  const detail = (n: number) =>
    entry({ Detail: JSON.stringify({ id: "a", time: "2026-01-31T12:00:00Z", data: { n } }) });
  expect((await put(detail(1), detail(1))).FailedEntryCount).toBe(0);
  expect((await put(detail(1), detail(2))).Entries).toMatchObject([{ EventId: "a" }, { ErrorCode: "InvalidArgument" }]);
  expect((await bus.history.query()).events).toHaveLength(1);
});

test("what exceeds a limit of EventBridge is refused as a whole, under its name", async () => {
  const { bus, url } = await serve({ entriesLimit: 1_000 });
  const { put } = sdk(url);
  await expect(put()).rejects.toMatchObject({ name: "ValidationException" });
  await expect(put(...Array.from({ length: 11 }, () => entry()))).rejects.toMatchObject({
    name: "ValidationException",
    $metadata: { httpStatusCode: 400 },
  });
  const text = (bytes: number) => JSON.stringify({ text: "x".repeat(bytes - '{"text":""}'.length) });
  const envelope = "billing".length + "custom.invoice.paid".length;
  expect((await put(entry({ Detail: text(1_000 - envelope) }))).FailedEntryCount).toBe(0);
  await expect(put(entry({ Detail: text(1_001 - envelope) }))).rejects.toMatchObject({ name: "ValidationException" });
  await expect(put(entry({ Detail: text(1_000 - envelope), Time: new Date() }))).rejects.toThrow(
    /over the limit: 1014/,
  );
  expect((await bus.history.query()).events).toHaveLength(1);
});

test("an engine that takes no more is told as throttling, which SDKs retry", async () => {
  const { engine, url } = await serve();
  engine.log.append = () => {
    throw new BusError("throttled", "too many publishes wait");
  };
  const { Entries } = await sdk(url).put(entry());
  expect(Entries).toEqual([{ ErrorCode: "ThrottlingException", ErrorMessage: "too many publishes wait" }]);
});

describe("where the server needs tokens", () => {
  async function guarded(grant: Grant) {
    const { path, remove } = await temporaryDirectory();
    onTestFinished(remove);
    const tokenFile = join(path, "tokens.json");
    const { text, stored } = createToken(grant, { now: Date.now(), expiresAt: Date.now() + 60_000 });
    await new TokenFile(tokenFile).add(stored, 0);
    const served = await serve({ tokenFile, needsToken: true });
    return {
      ...served,
      token: text,
      credentials: { accessKeyId: stored.id, secretAccessKey: "any", sessionToken: text },
    };
  }

  test("the session token is the token, and its grant holds for each entry", async () => {
    const { url, credentials } = await guarded({ roles: ["publish"], source: "billing", types: ["custom.invoice.*"] });
    const { Entries } = await sdk(url, credentials).put(
      entry(),
      entry({ Source: "shipping" }),
      entry({ DetailType: "custom.order.paid" }),
    );
    expect(Entries).toMatchObject([
      { EventId: expect.any(String) },
      { ErrorCode: "NotAuthorizedForSourceException" },
      { ErrorCode: "NotAuthorizedForDetailTypeException" },
    ]);
  });

  test("without it, with another's id or with a changed secret nothing is published", async () => {
    const { bus, url, credentials } = await guarded({ roles: ["publish"] });
    const { sessionToken, ...keys } = credentials;
    const changed = `${sessionToken.slice(0, -4)}AAAA`;
    for (const wrong of [
      keys,
      anyCredentials,
      { ...credentials, accessKeyId: "000000000000" },
      { ...credentials, sessionToken: changed },
      { ...credentials, sessionToken: "FwoGZXIvYXdz" },
    ]) {
      await expect(sdk(url, wrong).put(entry())).rejects.toMatchObject({ name: "UnrecognizedClientException" });
    }
    expect((await bus.history.query()).events).toEqual([]);
  });

  test("a token of another role is denied", async () => {
    const { url, credentials } = await guarded({ roles: ["subscribe"] });
    await expect(sdk(url, credentials).put(entry())).rejects.toMatchObject({ name: "AccessDeniedException" });
  });
});

test("on loopback any credentials do, those of an assumed role too; a token of the bus counts where it is sent", async () => {
  const { url } = await serve();
  const { FailedEntryCount } = await sdk(url, { ...anyCredentials, sessionToken: "FwoGZXIvYXdz" }).put(entry());
  expect(FailedEntryCount).toBe(0);
  const revoked = {
    ...anyCredentials,
    accessKeyId: "0".repeat(12),
    sessionToken: `wgl_${"0".repeat(12)}_${"A".repeat(43)}`,
  };
  await expect(sdk(url, revoked).put(entry())).rejects.toMatchObject({ name: "UnrecognizedClientException" });
});

test("whatever an entry holds, it is a draft or refused as an event that is not valid", () => {
  const field = fc.oneof(fc.string(), fc.json(), fc.constant(undefined), fc.constant(null));
  const anyEntry = fc.record({
    Source: field,
    DetailType: field,
    Detail: fc.oneof(
      field,
      fc.object().map((value) => JSON.stringify(value)),
    ),
    Time: fc.oneof(fc.double({ noNaN: true }), fc.constant(undefined)),
    Resources: fc.oneof(fc.array(fc.string()), fc.constant(undefined)),
    TraceHeader: field,
  });
  fc.assert(
    fc.property(anyEntry, (given) => {
      try {
        expect(entryToDraft(given)).toMatchObject({ type: given.DetailType, source: given.Source });
      } catch (thrown) {
        expect(thrown).toMatchObject({ code: "invalid_event", details: { awsError: expect.any(String) } });
      }
    }),
  );
});
