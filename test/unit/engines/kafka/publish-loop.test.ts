import { expect, test } from "vitest";
import {
  type Message,
  type Place,
  PublishLoop,
  type RecordSender,
} from "../../../../lib/engines/kafka/publishing/publish-loop.ts";
import { codecs } from "../../../../lib/engines/kafka/records/codec.ts";
import { PublishQueue } from "../../../../lib/publish/publish-queue.ts";
import { ManualClock } from "../../../../lib/testing/manual-clock.ts";
import { anEvent } from "../../../support/an-event.ts";

/** A loop whose producers answer as told, two partitions, keys `0` and `1` in them. */
function loopWith(answer: (messages: readonly Message[], producer: number) => Promise<Place[]>) {
  const clock = new ManualClock();
  const acknowledged: unknown[] = [];
  let opened = 0;
  let closed = 0;
  const openProducer = (): RecordSender => {
    opened += 1;
    const number = opened;
    return {
      send: async ({ messages }) => ({ offsets: await answer(messages, number) }),
      close: async () => {
        closed += 1;
      },
    };
  };
  const codec = codecs.envelope;
  const publishQueue = new PublishQueue(100, () => loop.schedule(), codec.value);
  const loop = new PublishLoop({
    clock,
    openProducer,
    hash: Number,
    names: { topicOf: () => "topic" },
    codec,
    publishQueue,
    keyOf: ({ metadata }) => metadata.correlationId,
    publishTimeoutMs: 1_000,
    tokenOf: () => undefined,
    partitionsOf: () => 2,
    acknowledged: ({ byHandler: _by, events, ...stretch }) =>
      acknowledged.push({ ...stretch, ids: events.map(({ id }) => id) }),
  });
  const publish = (id: string, key: string, data: unknown = {}) =>
    publishQueue
      .add({
        event: anEvent({ id, data, metadata: { correlationId: key } }),
        ownId: false,
        history: true,
        inHandler: false,
      })
      .then(
        ({ event }) => event.id,
        (error: unknown) => (error instanceof Error && "code" in error ? error.code : error),
      );
  return { acknowledged, clock, publish, counts: () => ({ opened, closed }) };
}

const at = (partition: number, offset: bigint): Place => ({ topic: "topic", partition, offset });

test("what comes together goes as one request, and the place of each event is known", async () => {
  const requests: string[][] = [];
  const { acknowledged, publish } = loopWith(async (messages) => {
    requests.push(messages.map(({ key, partition }) => `${key}:${partition}`));
    return [at(0, 10n), at(1, 5n)];
  });
  const published = ["a", "b", "c"].map((id, index) => publish(id, String(index % 2)));
  expect(await Promise.all(published)).toEqual(["a", "b", "c"]);
  expect(requests).toEqual([["0:0", "1:1", "0:0"]]);
  expect(acknowledged).toEqual([
    { topic: "topic", partition: 0, offset: 10, ids: ["a", "c"] },
    { topic: "topic", partition: 1, offset: 5, ids: ["b"] },
  ]);
});

test("after a request that failed the next one goes by a new producer; what a partition took all the same is accepted", async () => {
  const { counts, publish } = loopWith(async (_, producer) => {
    if (producer > 1) return [at(0, 7n), at(1, 7n)];
    throw Object.assign(new Error("broker 2 is gone"), { produced: { offsets: [at(0, 3n)] } });
  });
  expect(await Promise.all([publish("a", "0"), publish("b", "1")])).toEqual(["a", "unavailable"]);
  expect(await publish("b", "1")).toBe("b");
  expect(counts()).toEqual({ opened: 2, closed: 1 });
});

test("of a request that is too large each event is tried alone", async () => {
  const { publish } = loopWith(async (messages) => {
    const large = messages.some(({ value }) => value.includes("large"));
    if (large) throw Object.assign(new Error("too large"), { apiId: "MESSAGE_TOO_LARGE" });
    return [at(0, 0n)];
  });
  const published = [publish("a", "0"), publish("b", "0", { size: "large" }), publish("c", "0")];
  expect(await Promise.all(published)).toEqual(["a", "event_too_large", "c"]);
});

test("a request that is not answered in time fails as unavailable", async () => {
  const { clock, publish } = loopWith(() => new Promise(() => {}));
  const published = publish("a", "0");
  await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  await clock.advance(1_000);
  expect(await published).toBe("unavailable");
});
