import { fileURLToPath } from "node:url";
import { Duration } from "aws-cdk-lib";
import { describe, expect, test } from "vitest";
import * as z from "zod";
import { standardCatalog } from "../../lib/catalog/index.ts";
import { BusForward, QueueSubscriber, Subscriber } from "../../lib/cdk/index.ts";
import { BusError } from "../../lib/error/bus-error.ts";
import { defineEvent } from "../../lib/event/index.ts";
import { aBus, aStackWithBus } from "./synthesis.ts";

const folder = fileURLToPath(new URL("../../functions/readers", import.meta.url));

function errorOf(settings: object, props: object = {}, Kind: "function" | "process" = "function"): BusError {
  const { stack, bus } = aStackWithBus();
  const subscription = { name: "readers", on: "task.assigned", ...settings };
  try {
    if (Kind === "function") new Subscriber(stack, "Readers", { bus, folder, subscription, ...props });
    else new QueueSubscriber(stack, "Readers", { bus, subscription, ...props });
  } catch (thrown) {
    if (thrown instanceof BusError) return thrown;
    throw thrown;
  }
  throw new Error("nothing was refused");
}

/** Names of types that no shorter pattern could stand for. */
const manyTypes = Array.from({ length: 80 }, (_, index) => `custom.aratherlongname.number${index}`);

describe("an error at synth names the subscription and the fix", () => {
  test.each([
    ["a bad pattern", { where: { data: { kind: "document" } } }, /readers.*write \["document"\]/s],
    [
      "an operator that there is none of",
      { where: { data: { kind: [{ like: "a" }] } } },
      /readers.*"like" is no operator/s,
    ],
    ["a name that is too long", { name: "r".repeat(49) }, /rrrr.*48/],
    ["a name of the bus's own queue", { name: "history" }, /^subscription history: the name is the bus's own/],
    ["a name of a dead-letter queue", { name: "readers-dlq" }, /^subscription readers-dlq: .* end in -dlq/],
    [
      "a pattern that EventBridge would refuse",
      { on: manyTypes },
      /^subscription readers: its pattern has \d+ characters/,
    ],
    [
      "a retry schedule beyond the queue's 14 days",
      { attempts: 40, backoff: { from: "10h", to: "11h" } },
      /^subscription readers: 40 attempts .* 14;/,
    ],
    ["a timeout beyond Lambda's", { timeout: "15m" }, /^subscription readers: timeout is 15m, .*QueueSubscriber/],
    ["a start in the past", { from: "beginning" }, /^subscription readers: from is "beginning".*waggle replay/],
    ["a throttle", { throttle: { limit: 1, per: "1s" } }, /^subscription readers: throttle .*QueueSubscriber/],
    [
      "a concurrency for each key",
      { concurrencyPerKey: { key: "data.taskId", limit: 1 } },
      /^subscription readers: concurrencyPerKey .*QueueSubscriber/,
    ],
    ["a bounded backlog", { maxBacklog: 10 }, /^subscription readers: maxBacklog/],
    [
      "an order by a path that is too long for EventBridge",
      { ordered: `data.${"a".repeat(90)}` },
      /^subscription readers: ordered is "data\.a+", .* 104 characters, and at most 100/,
    ],
    [
      "an order by a field that EventBridge cannot name",
      { ordered: "data.task id" },
      /^subscription readers: ordered is "data\.task id", .* letters, digits/,
    ],
  ])("%s", (_, settings, message) => {
    expect(errorOf(settings).message).toMatch(message);
  });

  test("a visibility below the function's timeout", () => {
    const error = errorOf({ timeout: "1m" }, { visibilityTimeout: Duration.seconds(60) });
    expect(error.message).toMatch(/^subscription readers: its function may run for 70s, and visibilityTimeout/);
  });

  test("a timeout above a queue's visibility", () => {
    const error = errorOf({ timeout: "1m" }, { visibilityTimeout: Duration.seconds(59) }, "process");
    expect(error.message).toMatch(/^subscription readers: timeout is 1m, and visibilityTimeout is 59s/);
  });

  test("a visibility above what SQS allows", () => {
    const error = errorOf({}, { visibilityTimeout: Duration.hours(13) }, "process");
    expect(error.message).toMatch(/^subscription readers: visibilityTimeout is 13h.*12h/);
  });

  test("a batch that the concurrency has no room for", () => {
    expect(errorOf({ concurrency: 10 }, { batchSize: 6 }).message).toMatch(
      /^subscription readers: batchSize is 6; give 1 to 5/,
    );
  });

  test.each([
    ["59 s", { maxAge: Duration.seconds(59) }, /^subscription readers: ruleRetries.maxAge is 59s; give 1m to 24h/],
    ["25 h", { maxAge: Duration.hours(25) }, /^subscription readers: ruleRetries.maxAge is 25h; give 1m to 24h/],
    ["186 attempts", { attempts: 186 }, /^subscription readers: ruleRetries.attempts is 186; give 0 to 185/],
  ])("retries that EventBridge has not got: %s", (_, ruleRetries, message) => {
    expect(errorOf({}, { ruleRetries }).message).toMatch(message);
  });

  test("more types that history leaves out than a rule has room for", () => {
    const definitions = manyTypes.map((type) => defineEvent(type, { data: z.looseObject({}), history: false }));
    const catalog = { module: fileURLToPath(import.meta.url), catalog: standardCatalog.extend(definitions) };
    expect(() => aBus({ catalog })).toThrow(/^the catalog has 8\d types .* and EventBridge takes 2048/);
  });

  test.each([
    ["no window", { batchSize: 100 }, /^history: batchSize is 100, .* give a batchingWindow of at least 1 s, too/],
    [
      "too many",
      { batchSize: 10_001, batchingWindow: Duration.seconds(1) },
      /^history: batchSize is 10001; give a whole number/,
    ],
    [
      "too long",
      { batchingWindow: Duration.minutes(6) },
      /^history: batchingWindow in seconds is 360; give .* 0 to 300/,
    ],
    ["one function", { maxConcurrency: 1 }, /^history: maxConcurrency is 1; give a whole number from 2 to 1000/],
  ])("batches of history that Lambda has not got: %s", (_, history, message) => {
    expect(() => aBus({ history })).toThrow(message);
  });

  /** Within what EventBridge counts, which is characters. */
  const wide = { where: { data: { name: Array.from({ length: 100 }, (_, index) => `${"語".repeat(14)}${index}`) } } };

  test("settings that no parameter of SSM has room for", () => {
    expect(errorOf(wide, {}, "process").message).toMatch(
      /^subscription readers: its settings have about [45]\d{3} bytes, and a parameter at most 4096/,
    );
  });

  test("an environment that Lambda has no room for", () => {
    const environment = { GREETING: "hello ".repeat(600) };
    expect(errorOf({}, { environment }).message).toMatch(
      /^subscription readers: the environment of its function has about 4\d{3} bytes, and Lambda takes 4096/,
    );
  });

  test("a folder without a handler", () => {
    expect(errorOf({}, { folder: `${folder}/nowhere` }).message).toMatch(/nowhere/);
  });

  test("two subscriptions of one name, wherever in the app they are", () => {
    const { stack, bus } = aStackWithBus();
    const subscription = { name: "readers", on: "task.assigned" };
    new QueueSubscriber(stack, "One", { bus, subscription });
    expect(() => new QueueSubscriber(stack, "Other", { bus, subscription })).toThrow(
      /^subscription readers: bus agents already has one/,
    );
  });

  test("rule 301 of a bus", { timeout: 120_000 }, () => {
    const { stack, bus } = aStackWithBus();
    const add = (index: number) =>
      new BusForward(stack, `F${index}`, {
        bus,
        name: `f${index}`,
        on: "task.created",
        toBusArn: other,
        alarms: false,
      });
    for (let index = 1; index <= 300; index += 1) add(index);
    expect(() => add(301)).toThrow(/^subscription f301 would be rule 301 of bus agents/);
  });

  test("wildcard rule 31 of a bus; prefixes and suffixes do not count", () => {
    const { stack, bus } = aStackWithBus();
    const add = (index: number, on: string) =>
      new BusForward(stack, `F${index}`, { bus, name: `f${index}`, on, toBusArn: other, alarms: false });
    for (let index = 1; index <= 30; index += 1) add(index, "task.*.failed");
    add(31, "task.*");
    add(32, "*.failed");
    expect(() => add(33, "task.*.failed")).toThrow(/^subscription f33 would be wildcard rule 31 of bus agents/);
  });

  test("a bus's name that its queues have no room for", () => {
    expect(() => aStackWithBus({}, "a-bus-with-a-name-that-is-too-long")).toThrow(/is no name for a bus; give 1 to 20/);
    expect(() => aStackWithBus({}, "default")).toThrow(/bus "default" is EventBridge's own/);
  });

  test("a forward to what is no bus", () => {
    const { stack, bus } = aStackWithBus();
    expect(
      () => new BusForward(stack, "F", { bus, name: "f", on: "*", toBusArn: "arn:aws:sqs:eu-west-1:1:q" }),
    ).toThrow(/^subscription f: toBusArn/);
  });

  test("a stage or something to omit that there is none of", () => {
    expect(() => aStackWithBus({ stage: "staging" })).toThrow(/stage is "staging"; give dev or prod/);
  });
});

const other = "arn:aws:events:eu-west-1:210987654321:event-bus/theirs";
