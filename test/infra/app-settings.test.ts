import { describe, expect, test } from "vitest";
import { appSettings } from "../../lib/cdk/index.ts";
import { anApp } from "./synthesis.ts";

describe("appSettings", () => {
  test("without context describes a bus for development", () => {
    expect(appSettings(anApp())).toMatchObject({ stage: "dev", busName: "agents-dev", functions: "functions" });
  });

  test("reads every setting from the context", () => {
    const context = {
      stage: "prod",
      bus: "crew",
      functions: "lambdas",
      key: "true",
      "alarm-email": "a@example.com, b@example.com",
      publishers: "123456789012=crew,billing;210987654321=ops; o-a1b2c3d4e5 = agents",
    };
    expect(appSettings(anApp(context))).toEqual({
      stage: "prod",
      busName: "crew",
      functions: "lambdas",
      encryptionKey: true,
      alarmEmails: ["a@example.com", "b@example.com"],
      publishers: [
        { account: "123456789012", sources: ["crew", "billing"] },
        { account: "210987654321", sources: ["ops"] },
        { organization: "o-a1b2c3d4e5", sources: ["agents"] },
      ],
    });
  });

  test.each([
    [{ key: "yes" }, /context key must be true or false, not "yes"/],
    [
      { publishers: "123456789012" },
      /context publishers must be <account or organization>=<source>,<source>, not "123456789012"/,
    ],
    [{ bus: 7 }, /context bus must be a string, not 7/],
    [{ stage: "staging" }, /stage must be dev or prod, not "staging"/],
  ])("refuses %j", (context, message) => {
    expect(() => appSettings(anApp(context))).toThrow(message);
  });
});
