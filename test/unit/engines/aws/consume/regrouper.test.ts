import * as fc from "fast-check";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { toEnvelope } from "../../../../../lib/aws-shared/index.ts";
import { standardCatalog } from "../../../../../lib/catalog/index.ts";
import { createClients } from "../../../../../lib/engines/aws/clients.ts";
import { type GroupedMessage, Regrouper } from "../../../../../lib/engines/aws/consume/regrouper.ts";
import { toQueueEntry } from "../../../../../lib/engines/aws/enqueue/queue-entry.ts";
import { jsonLogger } from "../../../../../lib/runtime/logger.ts";
import { aRecord } from "../../../../support/a-record.ts";
import { anEvent } from "../../../../support/an-event.ts";
import { ServiceError, startJsonStub } from "../../../../support/json-stub.ts";
import { StubQueue } from "../../../../support/stub-queue.ts";

const ordered = "data.key";
const shared = "waggle-shared";
const path = "$.detail.data.key";

let queue: StubQueue;
let lines: string[];
let close: (() => Promise<void>)[];
/** Refuses from this request on. */
let refuseFrom: number;

beforeEach(() => {
  vi.stubEnv("AWS_ACCESS_KEY_ID", "test");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "test");
  queue = new StubQueue();
  [lines, close] = [[], []];
  refuseFrom = Number.POSITIVE_INFINITY;
});
afterEach(async () => {
  for (const one of close.reverse()) await one();
  vi.unstubAllEnvs();
});

async function regrouper(): Promise<Regrouper> {
  const { SendMessageBatch = () => expect.unreachable() } = queue.operations;
  const stub = await startJsonStub({
    SendMessageBatch: (input, signal) => {
      if (queue.count("SendMessageBatch") >= refuseFrom) throw new ServiceError("AccessDenied", 403);
      return SendMessageBatch(input, signal);
    },
  });
  const clients = createClients({ region: "us-east-1", endpoint: stub.url });
  close.push(stub.close, async () => clients.destroy());
  const logger = jsonLogger((line) => lines.push(line));
  const queueUrl = `${stub.url}/000000000000/agents-readers.fifo`;
  const dependencies = { catalog: standardCatalog, clients, logger, random: () => 0.5 };
  return new Regrouper(dependencies, { subscription: "readers", queueUrl, ordered });
}

const anEventOf = (id: string, key: unknown) =>
  anEvent({ id, type: "custom.made", data: key === undefined ? {} : { key: `${key}` } });
const message = (id: string, key: unknown, group: string | undefined = shared): GroupedMessage => ({
  message: { body: toEnvelope(anEventOf(id, key)), sentMs: 0 },
  group,
});
const same = (one: GroupedMessage) => one;

/** What was sent, request by request, each as the event's id and its group. */
function requests(): { id: string; group: string }[][] {
  return queue.requests.map(({ input }) => {
    const entries: unknown = input.Entries;
    if (!Array.isArray(entries)) throw new Error("a request without entries");
    return entries.map(({ MessageBody, MessageGroupId }) => ({
      id: JSON.parse(MessageBody).id,
      group: MessageGroupId,
    }));
  });
}

test("messages go to the group that a replay would send them to; those without a key each to its own", async () => {
  const one = await regrouper();
  const keys = ["a", "with space", "x".repeat(200), undefined, ""];
  const { placed, misplaced } = one.sort(
    keys.map((key, n) => message(`${n}`, key)),
    same,
  );
  expect(placed).toEqual([]);
  await one.move(misplaced);
  const record = aRecord({ name: "readers", ordered });
  const deployed = { schema: 1, queueUrl: "q", fifo: true, consumer: "process", record } as const;
  const expected = keys.map((key, n) => ({
    id: `${n}`,
    group: toQueueEntry(anEventOf(`${n}`, key), deployed, {}).entry.MessageGroupId,
  }));
  expect(requests().flat()).toEqual(expected);
  expect(new Set(expected.map(({ group }) => group)).size).toBe(keys.length);
});

test("those of a key stay in order: a request has at most one of each", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.constantFrom("a", "b", "c", "d"), { maxLength: 25 }), async (keys) => {
      queue.requests.length = 0;
      const one = await regrouper();
      const { misplaced } = one.sort(
        keys.map((key, n) => message(`${n}`, key)),
        same,
      );
      await one.move(misplaced);
      for (const request of requests()) {
        expect(request.length).toBeLessThanOrEqual(10);
        expect(new Set(request.map(({ group }) => group)).size).toBe(request.length);
      }
      for (const key of new Set(keys)) {
        const ids = keys.flatMap((other, n) => (other === key ? [`${n}`] : []));
        const sent = requests()
          .flat()
          .filter(({ group }) => group === key);
        expect(sent.map(({ id }) => id)).toEqual(ids);
      }
    }),
    { numRuns: 25 },
  );
});

test("the body is sent as it came, without an id, so that SQS knows it if it is sent again", async () => {
  const one = await regrouper();
  const given = message("1", "a");
  await one.move(one.sort([given], same).misplaced);
  expect(queue.requests[0]?.input.Entries).toEqual([{ Id: "0", MessageBody: given.message.body, MessageGroupId: "a" }]);
});

test("what is in the group of its key stays, and what holds no event, and a key that has the group's very name", async () => {
  const one = await regrouper();
  const messages = [
    message("1", "a", "a"),
    { ...message("2", "a"), group: undefined },
    { message: { body: "{", sentMs: 0 }, group: shared },
    { message: { body: toEnvelope(anEvent({ type: "task.created", data: {} })), sentMs: 0 }, group: shared },
    message("3", shared, shared),
    message("4", path, path),
  ];
  expect(one.sort(messages, same)).toEqual({ placed: messages, misplaced: [], ofPath: 0 });
  expect(lines).toEqual([]);
});

test("a group with the path's text is counted, and told of once", async () => {
  const one = await regrouper();
  const messages = [message("1", "a", path), message("2", "b", shared), message("3", "c", path)];
  for (const _ of [1, 2]) expect(one.sort(messages, same)).toMatchObject({ placed: [], ofPath: 2 });
  expect(lines).toHaveLength(1);
  expect(JSON.parse(lines[0] ?? "")).toMatchObject({ level: "warn", subscription: "readers" });
});

test("where one cannot be sent, those behind it in its key are not sent either", async () => {
  refuseFrom = 1;
  const one = await regrouper();
  const keys = ["a", "a", "b", "a"];
  const { misplaced } = one.sort(
    keys.map((key, n) => message(`${n}`, key)),
    same,
  );
  await expect(one.move(misplaced)).rejects.toMatchObject({ code: "unavailable" });
  expect(requests()).toEqual([
    [
      { id: "0", group: "a" },
      { id: "2", group: "b" },
    ],
  ]);
});
