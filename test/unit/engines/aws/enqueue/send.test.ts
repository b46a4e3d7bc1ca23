import { createHash } from "node:crypto";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import * as z from "zod";
import { sendAll, toOrderedRequests } from "../../../../../lib/engines/aws/enqueue/send.ts";
import { stubClients } from "../../../../support/stub-clients.ts";

const batch = z.object({
  Entries: z.array(z.object({ Id: z.string(), MessageBody: z.string(), MessageGroupId: z.string() })),
});

const entriesOf = (groups: readonly string[], bytes = (_: number) => 1) =>
  groups.map((group, n) => ({ bytes: bytes(n), entry: { MessageBody: `${n}`, MessageGroupId: group } }));

test("a FIFO queue that refuses one message of a request takes none of its group before it", async () => {
  const taken: { body: string; group: string }[] = [];
  let refused = false;
  const clients = await stubClients({
    SendMessageBatch: (input) => {
      const { Entries } = batch.parse(input);
      const refuse = refused ? undefined : Entries.find(({ MessageBody }) => MessageBody === "1");
      refused ||= refuse !== undefined;
      const taking = Entries.filter((entry) => entry !== refuse);
      for (const { MessageBody, MessageGroupId } of taking) taken.push({ body: MessageBody, group: MessageGroupId });
      return {
        Successful: taking.map(({ Id, MessageBody }) => ({
          Id,
          MD5OfMessageBody: createHash("md5").update(MessageBody).digest("hex"),
        })),
        Failed: refuse === undefined ? [] : [{ Id: refuse.Id, SenderFault: false, Code: "InternalError" }],
      };
    },
  });
  const queue = { queueUrl: "http://127.0.0.1/000000000000/readers.fifo", fifo: true };
  await sendAll({ clients, random: () => 0 }, queue, entriesOf(["a", "b", "b", "a", "b", "c"]));
  expect(refused).toBe(true);
  const ofGroup = (name: string) => taken.filter(({ group }) => group === name).map(({ body }) => body);
  expect([ofGroup("a"), ofGroup("b"), ofGroup("c")]).toEqual([["0", "3"], ["1", "2", "4"], ["5"]]);
});

test("a request to a FIFO queue has one message of each group, ten and a mebibyte at most; each group keeps its order", () => {
  const message = fc.record({
    group: fc.constantFrom("a", "b", "c", "d"),
    bytes: fc.integer({ min: 1, max: 1_048_576 }),
  });
  fc.assert(
    fc.property(fc.array(message, { maxLength: 60 }), (messages) => {
      const entries = entriesOf(
        messages.map(({ group }) => group),
        (n) => messages[n]?.bytes ?? 0,
      );
      const requests = toOrderedRequests(entries);
      for (const group of ["a", "b", "c", "d"]) {
        const isOfGroup = ({ entry }: (typeof entries)[number]) => entry.MessageGroupId === group;
        expect(requests.flat().filter((one) => one.entry.MessageGroupId === group)).toEqual(entries.filter(isOfGroup));
        for (const request of requests) {
          expect(request.filter((one) => one.entry.MessageGroupId === group).length).toBeLessThanOrEqual(1);
        }
      }
      for (const request of requests) {
        expect(request.length).toBeGreaterThan(0);
        expect(request.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThanOrEqual(1_048_576);
      }
    }),
  );
});

test("a hundred messages of different groups are ten requests", () => {
  const requests = toOrderedRequests(entriesOf(Array.from({ length: 100 }, (_, n) => `group-${n}`)));
  expect(requests.map(({ length }) => length)).toEqual(Array(10).fill(10));
});
