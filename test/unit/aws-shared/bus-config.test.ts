import { describe, expect, test } from "vitest";
import { parseBusConfig, parseDeployedSubscription } from "../../../lib/aws-shared/index.ts";
import { subscriptionRecord } from "../../../lib/subscription/index.ts";
import { aBusConfig } from "../../support/a-bus-config.ts";

const config = aBusConfig();

describe("the configuration of a bus", () => {
  test("is read", () => {
    expect(parseBusConfig(JSON.stringify(config), "parameter x")).toEqual(config);
  });

  test.each([
    ["a later shape", { ...config, schema: 2 }],
    ["a missing table", { ...config, historyTable: undefined }],
    ["a retention that is none", { ...config, retentionMs: 0 }],
  ])("is refused with %s, and the source is named", (_, value) => {
    expect(() => parseBusConfig(JSON.stringify(value), "parameter /waggle/agents/config")).toThrow(
      expect.objectContaining({ code: "invalid_config", message: expect.stringContaining("/waggle/agents/config") }),
    );
  });

  test("is refused where it is no JSON", () => {
    expect(() => parseBusConfig("{", "variable X")).toThrow(expect.objectContaining({ code: "invalid_config" }));
  });
});

describe("a deployed subscription", () => {
  const deployed = {
    schema: 1,
    record: subscriptionRecord({ name: "readers", on: "task.*", ordered: "data.taskId" }),
    queueUrl: "https://queue/agents-readers.fifo",
    fifo: true,
    consumer: "function",
  };

  test("is read as it was written", () => {
    expect(parseDeployedSubscription(JSON.stringify(deployed), "parameter x")).toEqual(deployed);
  });

  test("is refused where its subscription is none", () => {
    const bad = { ...deployed, record: { ...deployed.record, attempts: 0 } };
    expect(() => parseDeployedSubscription(JSON.stringify(bad), "parameter x")).toThrow(
      expect.objectContaining({ code: "invalid_config", message: expect.stringContaining("attempts") }),
    );
  });
});
