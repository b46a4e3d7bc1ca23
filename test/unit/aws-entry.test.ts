import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { connect } from "wagglebus";
import { awsEngine } from "wagglebus/aws";
import { aBusConfig } from "../support/a-bus-config.ts";
import { startJsonStub } from "../support/json-stub.ts";

let stub: Awaited<ReturnType<typeof startJsonStub>>;

beforeEach(async () => {
  stub = await startJsonStub({
    GetParameter: () => ({ Parameter: { Value: JSON.stringify(aBusConfig()) } }),
    DescribeEventBus: () => ({ Name: "agents" }),
    PutEvents: () => ({ FailedEntryCount: 0, Entries: [{ EventId: "event-1" }] }),
  });
  vi.stubEnv("AWS_ENDPOINT_URL", stub.url);
  vi.stubEnv("AWS_REGION", "us-east-1");
  vi.stubEnv("AWS_ACCESS_KEY_ID", "test");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "test");
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await stub.close();
});

test("the engine of the entry is the one that connect loads by its name", async () => {
  for (const options of [
    { engine: awsEngine({ bus: "agents", lease: "1m" }) },
    { engine: "aws", bus: "agents", lease: "1m" },
  ] as const) {
    const bus = await connect({ ...options, source: "test" });
    expect(bus.engine.name).toBe("aws");
    expect(await bus.emit.task.created({ taskId: "1" })).toMatchObject({ type: "task.created" });
    await bus.close();
  }
});

test("its options are refused as those of connect are, before anything is opened", () => {
  expect(() => awsEngine({ bus: "a b" })).toThrow(expect.objectContaining({ code: "invalid_config" }));
  expect(() => awsEngine({ bus: "agents", lease: "1ms" })).toThrow(/^awsEngine: lease/);
  expect(() => Reflect.apply(awsEngine, undefined, [{}])).toThrow(/bus is missing/);
});
