import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { connect } from "../../../../../lib/connect/index.ts";
import { archiveReplay } from "../../../../../lib/engines/aws/archive/archive-replay.ts";
import { createClients } from "../../../../../lib/engines/aws/clients.ts";
import { ManualClock } from "../../../../../lib/testing/manual-clock.ts";
import { aBusConfig } from "../../../../support/a-bus-config.ts";
import { aRecord } from "../../../../support/a-record.ts";
import { type Operations, ServiceError, startJsonStub } from "../../../../support/json-stub.ts";

const config = aBusConfig();
const arn = (what: string) => `arn:aws:events:us-east-1:000000000000:${what}`;
const [since, until] = ["2026-03-01T00:00:00Z", "2026-03-02T00:00:00Z"];
const span = { since: Date.parse(since), until: Date.parse(until) };
const closing: (() => Promise<void> | void)[] = [];

beforeEach(() => {
  vi.stubEnv("AWS_ACCESS_KEY_ID", "test");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "test");
  vi.stubEnv("AWS_REGION", "us-east-1");
});
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
  vi.unstubAllEnvs();
});

/** An archive whose replay goes through `states`, the last one for ever. Notes what it is asked. */
async function stubOf(states: readonly object[], more: Operations = {}) {
  const asked: { readonly operation: string; readonly input: object }[] = [];
  let polls = 0;
  const operations: Operations = {
    DescribeArchive: () => ({ ArchiveArn: arn("archive/agents-archive"), EventSourceArn: arn("event-bus/agents") }),
    StartReplay: () => ({ State: "STARTING" }),
    DescribeReplay: () => {
      polls += 1;
      return states[Math.min(polls, states.length) - 1] ?? {};
    },
    CancelReplay: () => ({ State: "CANCELLING" }),
    ...more,
  };
  const noting = Object.entries(operations).map(([operation, act]): [string, Operations[string]] => [
    operation,
    (input, signal) => {
      asked.push({ operation, input });
      return act(input, signal);
    },
  ]);
  const stub = await startJsonStub(Object.fromEntries(noting));
  closing.push(stub.close);
  return { url: stub.url, asked, count: (name: string) => asked.filter(({ operation }) => operation === name).length };
}

/** A clock whose timers fire at once. */
class HastyClock extends ManualClock {
  override setTimer = (run: () => void) => setImmediate(run);
  override clearTimer = () => {};
}

function partsOf(url: string, closes = new AbortController()) {
  const clients = createClients({ endpoint: url });
  closing.push(() => clients.destroy());
  return { config, clients, clock: new HastyClock(), nextId: () => "id1", closing: closes.signal };
}

function refusing(name: string): () => never {
  return () => {
    throw new ServiceError(name);
  };
}

describe("archiveReplay", () => {
  test("goes to the rules of the named subscriptions alone, and says how far it is until it is complete", async () => {
    const at = (time: string) => ({ State: "RUNNING", EventLastReplayedTime: Date.parse(time) / 1_000 });
    const stub = await stubOf([{ State: "STARTING" }, at(since), at(since), { State: "COMPLETED" }]);
    const onProgress = vi.fn();
    expect(await archiveReplay(partsOf(stub.url), span, ["one", "two"], { onProgress })).toBe("agents-id1");
    expect(stub.asked.slice(0, 3)).toEqual([
      { operation: "DescribeArchive", input: { ArchiveName: "agents-archive" } },
      {
        operation: "StartReplay",
        input: {
          ReplayName: "agents-id1",
          EventSourceArn: arn("archive/agents-archive"),
          EventStartTime: span.since / 1_000,
          EventEndTime: span.until / 1_000,
          Destination: {
            Arn: arn("event-bus/agents"),
            FilterArns: [arn("rule/agents/one"), arn("rule/agents/two")],
          },
        },
      },
      { operation: "DescribeReplay", input: { ReplayName: "agents-id1" } },
    ]);
    expect(stub.count("DescribeReplay")).toBe(4);
    expect(onProgress.mock.calls).toEqual([
      [{ id: "agents-id1" }],
      [{ id: "agents-id1", replayedUntil: expect.stringMatching(/^2026-03-01T00:00:00/) }],
    ]);
  });

  test.each([
    [{ State: "FAILED", StateReason: "the key is disabled" }, "unavailable", /failed in EventBridge \(the key is dis/],
    [{ State: "CANCELLED" }, "aborted", /was cancelled/],
  ])("one that ends as %j rejects with %s", async (state, code, message) => {
    const stub = await stubOf([{ State: "RUNNING" }, state]);
    await expect(archiveReplay(partsOf(stub.url), span, ["one"], {})).rejects.toMatchObject({
      code,
      retryable: false,
      message: expect.stringMatching(message),
      details: { replayId: "agents-id1" },
    });
  });

  test.each([
    ["DescribeArchive", "ResourceNotFoundException", "not_found", /has no archive agents-archive.*omit=archive/],
    ["DescribeArchive", "AccessDeniedException", "unavailable", /archive agents-archive: AWS refuses access/],
    ["StartReplay", "LimitExceededException", "throttled", /at most ten replays at once/],
    ["StartReplay", "ValidationException", "unavailable", /replay agents-id1: ValidationException/],
  ])("%s: %s is %s", async (operation, name, code, message) => {
    const stub = await stubOf([], { [operation]: refusing(name) });
    await expect(archiveReplay(partsOf(stub.url), span, ["one"], {})).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
    expect(stub.count("DescribeReplay")).toBe(0);
  });

  test("a start whose answer was lost is not another replay", async () => {
    const stub = await stubOf([{ State: "COMPLETED" }], { StartReplay: refusing("ResourceAlreadyExistsException") });
    expect(await archiveReplay(partsOf(stub.url), span, ["one"], {})).toBe("agents-id1");
  });

  test("a poll that fails for a while is made again, and one that fails for good is not", async () => {
    let polls = 0;
    const failing = (name: string) => () => {
      polls += 1;
      if (polls > 6) return { State: "COMPLETED" };
      throw new ServiceError(name, name === "InternalException" ? 500 : 400);
    };
    const passing = await stubOf([], { DescribeReplay: failing("InternalException") });
    expect(await archiveReplay(partsOf(passing.url), span, ["one"], {})).toBe("agents-id1");
    polls = 0;
    const lasting = await stubOf([], { DescribeReplay: failing("AccessDeniedException") });
    await expect(archiveReplay(partsOf(lasting.url), span, ["one"], {})).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringContaining("replay agents-id1 was started, but"),
    });
    expect(polls).toBe(1);
  });

  test("aborted, it is cancelled; aborted before, it does not begin", async () => {
    const controller = new AbortController();
    const stub = await stubOf([{ State: "RUNNING" }]);
    const onProgress = () => controller.abort(new Error("enough"));
    const { signal } = controller;
    const replayed = () => archiveReplay(partsOf(stub.url), span, ["one"], { signal, onProgress });
    await expect(replayed()).rejects.toMatchObject({
      code: "aborted",
      message: expect.stringContaining("replay agents-id1 was cancelled"),
      cause: expect.objectContaining({ message: "enough" }),
    });
    expect(stub.asked.at(-1)).toEqual({ operation: "CancelReplay", input: { ReplayName: "agents-id1" } });
    await expect(replayed()).rejects.toMatchObject({ code: "aborted", message: expect.stringContaining("before") });
    expect(stub.count("StartReplay")).toBe(1);
  });

  test("where it cannot be cancelled the error says that it goes on", async () => {
    const stub = await stubOf([{ State: "RUNNING" }], { CancelReplay: refusing("AccessDeniedException") });
    const controller = new AbortController();
    const options = { signal: controller.signal, onProgress: () => controller.abort() };
    await expect(archiveReplay(partsOf(stub.url), span, ["one"], options)).rejects.toMatchObject({
      code: "aborted",
      message: expect.stringContaining("goes on"),
    });
  });

  test("an engine that closes leaves it running", async () => {
    const closes = new AbortController();
    const stub = await stubOf([{ State: "RUNNING" }]);
    const replayed = archiveReplay(partsOf(stub.url, closes), span, ["one"], { onProgress: () => closes.abort() });
    await expect(replayed).rejects.toMatchObject({ code: "closed", message: expect.stringContaining("goes on") });
    expect(stub.count("CancelReplay")).toBe(0);
  });
});

describe("bus.replayArchive", () => {
  /** A bus with the deployed subscriptions `one` and `two`. */
  async function deployed() {
    const stub: Awaited<ReturnType<typeof stubOf>> = await stubOf([{ State: "COMPLETED" }], {
      DescribeEventBus: () => ({ Name: "agents" }),
      GetParameter: () => ({ Parameter: { Value: JSON.stringify(config) } }),
      GetParametersByPath: () => ({
        Parameters: ["two", "one"].map((name) => ({
          Name: `/waggle/agents/subscriptions/${name}`,
          Value: JSON.stringify({
            schema: 1,
            record: aRecord({ name }),
            queueUrl: `${stub.url}/${name}`,
            fifo: false,
            consumer: "function",
          }),
        })),
      }),
      GetQueueAttributes: () => ({ Attributes: {} }),
      Query: () => ({ Count: 0, Items: [] }),
    });
    vi.stubEnv("AWS_ENDPOINT_URL", stub.url);
    const bus = await connect({ engine: "aws", bus: "agents" });
    closing.push(() => bus.close());
    return { bus, stub };
  }

  test("* is every deployed subscription, and the end is now where none is given", async () => {
    const { bus, stub } = await deployed();
    const before = Date.now();
    const report = await bus.replayArchive({ since }, { to: "*" });
    expect(report).toEqual({
      id: expect.stringMatching(/^agents-[0-9a-f-]{36}$/),
      to: ["one", "two"],
      since: "2026-03-01T00:00:00.000Z",
      until: expect.any(String),
    });
    expect(Date.parse(report.until)).toBeGreaterThanOrEqual(before);
    expect(stub.asked.find(({ operation }) => operation === "StartReplay")?.input).toMatchObject({
      ReplayName: report.id,
      Destination: { FilterArns: [arn("rule/agents/one"), arn("rule/agents/two")] },
    });
  });

  test("what the archive cannot do is refused with what can, and nothing begins", async () => {
    const { bus, stub } = await deployed();
    const refused: readonly [object, object, string | RegExp][] = [
      [{ since, type: "task.*" }, {}, /unknown filter type; .*from history by type too/],
      [{ since, ids: ["1"] }, {}, "unknown filter ids"],
      [{ since, happenedSince: since }, {}, "unknown filter happenedSince"],
      [{}, {}, "since is missing; it must be the time to replay from"],
      [{ since: until, until: since }, {}, /since must be a past time before until, which is .*, not "/],
      [{ since }, { dryRun: true }, "unknown option dryRun"],
      [{ since }, { signl: null }, "unknown option signl"],
    ];
    for (const [selection, options, message] of refused) {
      const call = Reflect.apply(bus.replayArchive, bus, [selection, { to: "one", ...options }]);
      await expect(call).rejects.toMatchObject({
        code: "invalid_config",
        message: expect.stringMatching(message),
      });
    }
    await expect(bus.replayArchive({ since }, { to: "on" })).rejects.toMatchObject({ code: "not_found" });
    expect(stub.count("StartReplay")).toBe(0);
  });

  test("an unnamed subscription has no rule to replay to", async () => {
    const { bus, stub } = await deployed();
    await bus.subscribe({ on: "task.*" }, () => {});
    expect((await bus.replayArchive({ since, until }, { to: "*" })).to).toEqual(["one", "two"]);
    expect(stub.count("StartReplay")).toBe(1);
  });

  test("an engine without an archive says so, and what there is", async () => {
    const bus = await connect({ engine: "memory" });
    closing.push(() => bus.close());
    await expect(bus.replayArchive({ since }, { to: "*" })).rejects.toMatchObject({
      code: "invalid_config",
      message: expect.stringMatching(/the memory engine has no archive; use `replay` to replay from history/),
    });
  });
});
