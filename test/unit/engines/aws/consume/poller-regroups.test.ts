import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { toEnvelope } from "../../../../../lib/aws-shared/index.ts";
import { anEvent } from "../../../../support/an-event.ts";
import { ServiceError } from "../../../../support/json-stub.ts";
import type { StubQueue } from "../../../../support/stub-queue.ts";
import { PollerBench, settleAll } from "./poller-bench.ts";

/** Of the test that runs. */
let bench: PollerBench;
let queue: StubQueue;

beforeEach(async () => {
  vi.stubEnv("AWS_ACCESS_KEY_ID", "test");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "test");
  bench = new PollerBench();
  ({ queue } = bench);
  await bench.start();
});

afterEach(async () => {
  await bench.close();
  vi.unstubAllEnvs();
});

describe("what came in one group for all keys", () => {
  const body = (id: string, key: string) => toEnvelope(anEvent({ id, type: "custom.made", data: { key } }));
  const ordered = { ordered: "data.key" };
  const all = [
    ["a1", "a"],
    ["a2", "a"],
    ["b1", "b"],
  ] as const;

  test.each([
    ["of the rule", "waggle-shared", 0],
    ["whose name is the path that EventBridge did not read", "$.detail.data.key", 1],
  ])("%s is moved to the groups of its keys: one key does not wait for another", async (_, group, warnings) => {
    for (const [id, key] of all) queue.put(body(id, key), group);
    const hands = bench.hands(10);
    const poller = bench.poller(ordered);
    poller.consume(hands).wake();
    await hands.got(2);
    expect(hands.all).toEqual(["a1", "b1"]);
    settleAll(poller, hands);
    await hands.got(3);
    expect(hands.all).toEqual(["a1", "b1", "a2"]);
    settleAll(poller, hands);
    await bench.until(() => queue.size === 0);
    expect(bench.lines.filter((line) => line.includes("does not read the ordering key"))).toHaveLength(warnings);
  });

  test("and could not be moved comes again, in order, and runs nowhere meanwhile", async () => {
    const refusing = {
      ...queue.operations,
      SendMessageBatch: () => Promise.reject(new ServiceError("AccessDenied", 403)),
    };
    await bench.start(refusing);
    for (const [id, key] of all) queue.put(body(id, key), "waggle-shared");
    const hands = bench.hands(10);
    const poller = bench.poller(ordered);
    poller.consume(hands).wake();
    await bench.until(() => queue.hidden.length === 3);
    expect(queue.hidden.map(({ body, seconds }) => [JSON.parse(body).id, seconds])).toEqual([
      ["a1", 2],
      ["a2", 2],
      ["b1", 2],
    ]);
    expect(bench.errors.map(({ message }) => message).join()).toContain("AccessDenied");
    expect(hands.all).toEqual([]);
  });
});
