import { describe, expect, test } from "vitest";
import { checkBusName, resourceNames } from "../../../lib/aws-shared/index.ts";

describe("names in AWS", () => {
  test.each(["a", "agents", "agents-dev", "a2345678901234567890"])("a bus may be called %s", (name) => {
    expect(checkBusName(name)).toBe(name);
  });

  test.each(["", "Agents", "1a", "-a", "a_b", "a.b", "a23456789012345678901"])("a bus may not be called %j", (name) => {
    expect(() => checkBusName(name)).toThrow(expect.objectContaining({ code: "invalid_config" }));
  });

  test("the longest fit what SQS takes", () => {
    const bus = "b".repeat(20);
    const subscription = "s".repeat(48);
    expect(resourceNames.deadLetterQueue(bus, subscription, true).length).toBeLessThanOrEqual(80);
    expect(resourceNames.rule(subscription).length).toBeLessThanOrEqual(64);
  });
});
