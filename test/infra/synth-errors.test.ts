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

function errorOf(settings: object, props: object = {}, consumer: "function" | "process" = "function"): BusError {
  const { stack, bus } = aStackWithBus();
  const subscription = { name: "readers", on: "task.assigned", ...settings };
  try {
    if (consumer === "function") new Subscriber(stack, "Readers", { bus, folder, subscription, ...props });
    else new QueueSubscriber(stack, "Readers", { bus, subscription, ...props });
  } catch (thrown) {
    if (thrown instanceof BusError) return thrown;
    throw thrown;
  }
  throw new Error("no error was thrown");
}

/** Type names that no shorter pattern could cover. */
const manyTypes = Array.from({ length: 80 }, (_, index) => `custom.aratherlongname.number${index}`);

describe("synthesis fails, with the subscription and the fix, for", () => {
  test.each([
    [
      "an invalid pattern",
      { where: { data: { kind: "document" } } },
      /readers.*a list of values such as \["document"\]/s,
    ],
    ["an unknown operator", { where: { data: { kind: [{ like: "a" }] } } }, /readers.*unknown operator "like"/s],
    ["a name that is too long", { name: "r".repeat(49) }, /rrrr.*48/],
    ["the name of one of the bus's queues", { name: "history" }, /^subscription history: the name is reserved/],
    ["the name of a dead-letter queue", { name: "readers-dlq" }, /^subscription readers-dlq: .* end in -dlq/],
    [
      "a pattern that is too long for EventBridge",
      { on: manyTypes },
      /^subscription readers: its EventBridge pattern has \d+ characters/,
    ],
    [
      "a retry schedule that is longer than the 14 days of the queue",
      { attempts: 40, backoff: { from: "10h", to: "11h" } },
      /^subscription readers: 40 attempts .* 14 days;/,
    ],
    [
      "a throttle",
      { throttle: { limit: 1, per: "1s" } },
      /^subscription readers: throttle .*`concurrency`.*QueueSubscriber/,
    ],
    [
      "a concurrency for each key",
      { concurrencyPerKey: { key: "data.taskId", limit: 1 } },
      /^subscription readers: concurrencyPerKey .*`ordered: "data\.taskId"`.*QueueSubscriber/,
    ],
    [
      "a timeout that is too long for Lambda",
      { timeout: "15m" },
      /^subscription readers: timeout must be at most 890s, not 15m: .*QueueSubscriber/,
    ],
    [
      "a start in the past",
      { from: "beginning" },
      /^subscription readers: from must be "now" .*, not "beginning"; .*waggle replay/,
    ],
    ["maxBacklog", { maxBacklog: 10 }, /^subscription readers: maxBacklog is not supported in AWS/],
  ])("%s", (_, settings, message) => {
    expect(errorOf(settings).message).toMatch(message);
  });

  test.each<[string, `data.${string}`, RegExp]>([
    [
      "that is too long for EventBridge",
      `data.${"a".repeat(90)}`,
      /^subscription readers: ordered "data\.a+" becomes a path of 104 characters in EventBridge, which allows 100/,
    ],
    [
      "with a field that EventBridge cannot read",
      "data.task id",
      /^subscription readers: ordered "data\.task id" has a field name .* letters, digits/,
    ],
  ])("an ordering path %s, where the rule has to read it", (_, ordered, message) => {
    expect(errorOf({ ordered }, { messageGroups: "rule" }).message).toMatch(message);
    const { stack, bus } = aStackWithBus();
    const subscription = { name: "readers", on: "task.assigned", ordered } as const;
    expect(() => new QueueSubscriber(stack, "Readers", { bus, subscription })).not.toThrow();
  });

  test("an unknown way to form message groups", () => {
    expect(errorOf({ ordered: "source" }, { messageGroups: "path" }).message).toMatch(
      /^messageGroups must be consumer or rule, not "path"/,
    );
    const { stack, bus } = aStackWithBus({ "message-groups": "path" });
    const subscription = { name: "readers", on: "task.assigned" };
    expect(() => new QueueSubscriber(stack, "Readers", { bus, subscription })).toThrow(
      /^context message-groups must be consumer or rule, not "path"/,
    );
  });

  test("a visibility timeout below the function's timeout", () => {
    const error = errorOf({ timeout: "1m" }, { visibilityTimeout: Duration.seconds(60) });
    expect(error.message).toMatch(
      /^subscription readers: visibilityTimeout must be at least the function's timeout of 70s, not 1m/,
    );
  });

  test("a visibility timeout below the timeout of a process", () => {
    const error = errorOf({ timeout: "1m" }, { visibilityTimeout: Duration.seconds(59) }, "process");
    expect(error.message).toMatch(
      /^subscription readers: visibilityTimeout must be at least the timeout of 1m, not 59s/,
    );
  });

  test("a visibility timeout above the limit of SQS", () => {
    const error = errorOf({}, { visibilityTimeout: Duration.hours(13) }, "process");
    expect(error.message).toMatch(/^subscription readers: visibilityTimeout must be at most 12h, not 13h/);
  });

  test("a batch size that the concurrency does not allow", () => {
    expect(errorOf({ concurrency: 10 }, { batchSize: 6 }).message).toMatch(
      /^subscription readers: batchSize must be an integer from 1 to 5, not 6/,
    );
  });

  test.each([
    ["59 s", { maxAge: Duration.seconds(59) }, /^subscription readers: ruleRetries.maxAge must be .* 24h, not 59s/],
    ["25 h", { maxAge: Duration.hours(25) }, /^subscription readers: ruleRetries.maxAge must be .* 24h, not 25h/],
    ["186 attempts", { attempts: 186 }, /^subscription readers: ruleRetries.attempts must be .* 185, not 186/],
  ])("rule retries that EventBridge does not support: %s", (_, ruleRetries, message) => {
    expect(errorOf({}, { ruleRetries }).message).toMatch(message);
  });

  test("more types with `history: false` than a rule can exclude", () => {
    const definitions = manyTypes.map((type) => defineEvent(type, { data: z.looseObject({}), history: false }));
    const catalog = { module: fileURLToPath(import.meta.url), catalog: standardCatalog.extend(definitions) };
    expect(() => aBus({ catalog })).toThrow(/^the catalog has 8\d types .* but EventBridge allows 2048/);
  });

  test.each([
    ["without a window", { batchSize: 100 }, /^history: batchSize is 100, .* batchingWindow of at least 1 s; add it/],
    [
      "too large",
      { batchSize: 10_001, batchingWindow: Duration.seconds(1) },
      /^history: batchSize must be an integer from 1 to 10000, not 10001/,
    ],
    [
      "with too long a window",
      { batchingWindow: Duration.minutes(6) },
      /^history: batchingWindow in seconds must be an integer from 0 to 300, not 360/,
    ],
    ["with one function", { maxConcurrency: 1 }, /^history: maxConcurrency must be an integer from 2 to 1000, not 1/],
  ])("batches of history that Lambda does not support: %s", (_, history, message) => {
    expect(() => aBus({ history })).toThrow(message);
  });

  /** Few enough characters for EventBridge, but too many bytes for SSM. */
  const wide = { where: { data: { name: Array.from({ length: 100 }, (_, index) => `${"語".repeat(14)}${index}`) } } };

  test("settings that are too large for an SSM parameter", () => {
    expect(errorOf(wide, {}, "process").message).toMatch(
      /^subscription readers: the settings have about [45]\d{3} bytes, but an SSM parameter has at most 4096/,
    );
  });

  test("an environment that is too large for Lambda", () => {
    const environment = { GREETING: "hello ".repeat(600) };
    expect(errorOf({}, { environment }).message).toMatch(
      /^subscription readers: the environment of its function has about 4\d{3} bytes, but Lambda allows 4096/,
    );
  });

  test("a folder without a handler", () => {
    expect(errorOf({}, { folder: `${folder}/nowhere` }).message).toMatch(/nowhere/);
  });

  test("two subscriptions with the same name anywhere in the app", () => {
    const { stack, bus } = aStackWithBus();
    const subscription = { name: "readers", on: "task.assigned" };
    new QueueSubscriber(stack, "One", { bus, subscription });
    expect(() => new QueueSubscriber(stack, "Other", { bus, subscription })).toThrow(
      /^subscription readers: bus agents already has a subscription with this name/,
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

  test("wildcard rule 31 of a bus, not counting prefixes and suffixes", () => {
    const { stack, bus } = aStackWithBus();
    const add = (index: number, on: string) =>
      new BusForward(stack, `F${index}`, { bus, name: `f${index}`, on, toBusArn: other, alarms: false });
    for (let index = 1; index <= 30; index += 1) add(index, "task.*.failed");
    add(31, "task.*");
    add(32, "*.failed");
    expect(() => add(33, "task.*.failed")).toThrow(/^subscription f33 would be wildcard rule 31 of bus agents/);
  });

  test("an invalid name of a bus", () => {
    expect(() => aStackWithBus({}, "a-bus-with-a-name-that-is-too-long")).toThrow(
      /the bus name must be 1 to 20 characters .*, not "a-bus-with-/,
    );
    expect(() => aStackWithBus({}, "default")).toThrow(/the bus name must be another name than "default"/);
  });

  test("a forward to an ARN that is not a bus", () => {
    const { stack, bus } = aStackWithBus();
    expect(
      () => new BusForward(stack, "F", { bus, name: "f", on: "*", toBusArn: "arn:aws:sqs:eu-west-1:1:q" }),
    ).toThrow(/^subscription f: toBusArn must be arn:/);
  });

  test("an unknown stage", () => {
    expect(() => aStackWithBus({ stage: "staging" })).toThrow(/stage must be dev or prod, not "staging"/);
  });
});

const other = "arn:aws:events:eu-west-1:210987654321:event-bus/theirs";
