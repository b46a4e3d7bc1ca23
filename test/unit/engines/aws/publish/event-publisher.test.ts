import { afterEach, expect, test } from "vitest";
import { parseUnpublished } from "../../../../../lib/aws-shared/index.ts";
import { deadLetterOfUnpublished } from "../../../../../lib/delivery/dead-letter.ts";
import type { EventPublisher } from "../../../../../lib/engines/aws/publish/event-publisher.ts";
import { turn } from "../../../../../lib/testing/manual-clock.ts";
import { anEvent } from "../../../../support/an-event.ts";
import { type StubPublisherOptions, startStubPublisher } from "../../../../support/aws-publisher.ts";
import type { Fault, StubRequest } from "../../../../support/aws-stub.ts";

let end = async () => {};
afterEach(() => end());

/** A publisher whose stub's requests are kept; `fault` sees each with the number of those of its operation before it. */
async function publishing(
  fault: (request: StubRequest, before: number) => Fault | undefined = () => undefined,
  options: StubPublisherOptions = {},
) {
  const requests: StubRequest[] = [];
  const of = (operation: string) => requests.filter((request) => request.operation === operation);
  const started = await startStubPublisher({
    ...options,
    fault: (request) => {
      const before = of(request.operation).length;
      requests.push(request);
      return fault(request, before);
    },
  });
  end = started.end;
  return { publisher: started.publisher, of };
}

const toPublish = (id: string, data: object = {}) => ({
  event: anEvent({ id, data }),
  ownId: false,
  history: true,
  inHandler: false,
});
const errorOf = (publisher: EventPublisher, id: string, data?: object): Promise<unknown> =>
  publisher.publish(toPublish(id, data)).catch((thrown: unknown) => thrown);
const partly =
  (code: string): ((request: StubRequest) => Fault | undefined) =>
  ({ operation }) =>
    operation === "PutEvents" ? { kind: "partial", code, fails: () => true } : undefined;
const status = (code: number, error: string): Fault => ({ kind: "status", status: code, error });

test("an event is on the bus in the shape that any rule can route on, and no duplicate", async () => {
  const { publisher, of } = await publishing();
  const { event } = toPublish("a", { n: 1 });
  await expect(publisher.publish(toPublish("a", { n: 1 }))).resolves.toEqual({ event, duplicate: false });
  const { id, time, data, metadata } = event;
  expect(of("PutEvents").map(({ entries }) => entries.map(({ text }) => JSON.parse(text)))).toEqual([
    [{ id, time, data, metadata }],
  ]);
});

test("what the bus has taken is reported once, before who published it knows; what it refused is not", async () => {
  const { publisher } = await publishing((request) =>
    request.operation === "PutEvents"
      ? { kind: "partial", code: "MalformedDetail", fails: (index) => index === 1 }
      : undefined,
  );
  const told: string[] = [];
  publisher.onAccepted(({ id }) => told.push(id));
  const taken = publisher.publish(toPublish("a")).then(() => [...told]);
  const refused = publisher.publish(toPublish("b")).catch(() => {});
  expect(await taken).toEqual(["a"]);
  await refused;
  expect(told).toEqual(["a"]);
});

test.each<[string, Fault]>([
  ["a throttle", status(400, "ThrottlingException")],
  ["a 5xx", status(503, "ServiceUnavailable")],
  ["a reset connection", { kind: "reset" }],
  ["an answer that never comes", { kind: "hang" }],
  ["a throttled entry", { kind: "partial", code: "ThrottlingException", fails: () => true }],
  ["an entry that failed inside", { kind: "partial", code: "InternalFailure", fails: () => true }],
])("%s is survived", async (_, fault) => {
  // Three in a row: more than the SDK tries by itself.
  const { publisher, of } = await publishing(
    (_, before) => (before < 3 ? fault : undefined),
    fault.kind === "hang" ? { requestTimeoutMs: 500 } : {},
  );
  await expect(publisher.publish(toPublish("a"))).resolves.toMatchObject({ duplicate: false });
  expect(new Set(of("PutEvents").map(({ entries }) => entries[0]?.text)).size).toBe(1);
  expect(of("SendMessageBatch")).toEqual([]);
});

test.each([
  ["MalformedDetail", "invalid_event", 1],
  ["AccessDeniedException", "unavailable", 1],
  ["InternalException", "unavailable", 10],
  ["ThrottlingException", "throttled", 10],
])("an entry that ends as %s is a dead deadLetter, and the call says so: %s", async (code, expected, attempts) => {
  const { publisher, of } = await publishing(partly(code));
  const error = await errorOf(publisher, "a", { n: 1 });
  expect(error).toMatchObject({ code: expected, details: { deadLetterId: "dead-letter-1", attempts, awsError: code } });
  expect(error).toMatchObject({ retryable: attempts === 10 });
  const deadLetters = of("SendMessageBatch").flatMap(({ entries }) =>
    entries.map(({ text }) => parseUnpublished(text)),
  );
  expect(deadLetters).toMatchObject([
    {
      deadLetter: {
        id: "dead-letter-1",
        event: toPublish("a", { n: 1 }).event,
        attempts,
        reason: { code: expected, attempt: attempts, message: `bus agents: ${code}: the stub says ${code}` },
        failures: Array.from({ length: attempts }, (_, index) => ({ attempt: index + 1 })),
      },
    },
  ]);
});

test("an event that EventBridge refuses as a request is invalid, and harms none beside it", async () => {
  const isBad = ({ entries }: StubRequest) => entries.some(({ text }) => text.includes("bad"));
  const { publisher } = await publishing((request) =>
    request.operation === "PutEvents" && isBad(request) ? status(400, "ValidationException") : undefined,
  );
  const results = await Promise.allSettled(["a", "b", "bad", "c"].map((id) => publisher.publish(toPublish(id))));
  expect(results.map((result) => result.status)).toEqual(["fulfilled", "fulfilled", "rejected", "fulfilled"]);
  expect(results[2]).toMatchObject({ reason: { code: "invalid_event", details: { deadLetterId: "dead-letter-1" } } });
});

test("where the dead-letter queue fails, too, the rejection says both", async () => {
  const { publisher } = await publishing((request) =>
    request.operation === "PutEvents"
      ? { kind: "partial", code: "MalformedDetail", fails: () => true }
      : status(403, "AccessDenied"),
  );
  const error = await errorOf(publisher, "a");
  expect(error).toMatchObject({
    code: "invalid_event",
    message: expect.stringMatching(/MalformedDetail.*; and its dead letter could not be sent: queue .*AccessDenied/),
    details: { deadLetterError: expect.stringContaining("AccessDenied") },
  });
  expect(error).not.toHaveProperty("details.deadLetterId");
});

test("a message that the dead-letter queue takes only at the second time arrives", async () => {
  const { publisher, of } = await publishing((request, before) => {
    if (request.operation === "PutEvents") return { kind: "partial", code: "MalformedDetail", fails: () => true };
    return before === 0 ? { kind: "partial", code: "InternalError", fails: () => true } : undefined;
  });
  expect(await errorOf(publisher, "a")).toMatchObject({ details: { deadLetterId: "dead-letter-1" } });
  expect(of("SendMessageBatch")).toHaveLength(2);
});

test("a dead letter that is larger than a message lies in the bucket, and the message says where", async () => {
  const { publisher, of } = await publishing(partly("InternalFailure"));
  // The largest that is taken, beside ten failures; and one that only its escapes make too large.
  const events = { a: "x".repeat(1_048_576 - 1_024 - 151), b: "\uffff".repeat(250_000) };
  for (const [id, text] of Object.entries(events)) {
    expect(await errorOf(publisher, id, { text })).toMatchObject({ details: { deadLetterId: expect.any(String) } });
  }
  expect(of("SendMessageBatch").map(({ entries }) => entries.map((entry) => parseUnpublished(entry.text)))).toEqual([
    [{ bodyKey: "unpublished/dead-letter-1" }],
    [{ bodyKey: "unpublished/dead-letter-2" }],
  ]);
  expect(of("PutObject").map(({ entries }) => parseUnpublished(entries[0]?.text ?? ""))).toMatchObject([
    { deadLetter: { event: { id: "a" }, attempts: 10 } },
    { deadLetter: { event: { id: "b", data: { text: events.b } } } },
  ]);
});

test("an event that would not fit into a queue is refused unsent, and so is one above a Region's limit", async () => {
  const large = await publishing();
  expect(await errorOf(large.publisher, "a", { text: "x".repeat(1_048_000) })).toMatchObject({
    code: "event_too_large",
    details: { limit: 1_047_552 },
  });
  expect(large.of("PutEvents")).toEqual([]);
  await end();
  const small = await publishing(undefined, { maxRequestBytes: 262_144 });
  expect(await errorOf(small.publisher, "a", { text: "x".repeat(262_144) })).toMatchObject({
    code: "event_too_large",
    details: { limit: 262_144 },
  });
});

test("requests stay below the limit of their bytes", async () => {
  const { publisher, of } = await publishing(undefined, { maxRequestBytes: 262_144 });
  await Promise.all(
    Array.from({ length: 30 }, (_, index) => publisher.publish(toPublish(`e-${index}`, { text: "é".repeat(30_000) }))),
  );
  const sizes = of("PutEvents").map(({ entries }) => entries.reduce((sum, { bytes }) => sum + bytes, 0));
  expect(Math.max(...sizes)).toBeLessThanOrEqual(262_144);
  expect(of("PutEvents").map(({ entries }) => entries.length)).toEqual(Array(8).fill(4).with(7, 2));
});

test("what could not be published elsewhere is sent to the dead-letter queue", async () => {
  const { publisher, of } = await publishing();
  const reason = { code: "invalid_event", message: "no", at: "2026-01-01T00:00:00.000Z", attempt: 0 } as const;
  const deadLetter = deadLetterOfUnpublished(anEvent({ id: "a" }), reason, { id: "d-1", acceptedAt: 0, deadAt: 1 });
  await publisher.addDeadLetter(deadLetter);
  expect(parseUnpublished(of("SendMessageBatch")[0]?.entries[0]?.text ?? "")).toEqual({ deadLetter });
});

test("close waits for all that was taken, and takes nothing more", async () => {
  const { publisher } = await publishing((request, before) => {
    if (request.operation === "SendMessageBatch") return undefined;
    return before < 2
      ? status(500, "InternalFailure")
      : { kind: "partial", code: "MalformedDetail", fails: (index) => index > 0 };
  });
  let settled = 0;
  for (const id of ["a", "b"])
    void publisher
      .publish(toPublish(id))
      .catch(() => {})
      .finally(() => {
        settled += 1;
      });
  await publisher.close();
  await turn();
  expect(settled).toBe(2);
  expect(await errorOf(publisher, "c")).toMatchObject({ code: "closed" });
});
