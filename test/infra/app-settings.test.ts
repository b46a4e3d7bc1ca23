import { describe, expect, test } from "vitest";
import { appSettings } from "../../lib/cdk/index.ts";
import { anApp } from "./synthesis.ts";

describe("what an app is told by its context", () => {
  test("nothing: a bus for development", () => {
    expect(appSettings(anApp())).toMatchObject({ stage: "dev", busName: "agents-dev", functions: "functions" });
  });

  test("all of it", () => {
    const context = {
      stage: "prod",
      bus: "crew",
      functions: "lambdas",
      key: "true",
      "alarm-email": "a@example.com, b@example.com",
      publishers: "123456789012=crew,billing;210987654321=ops",
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
      ],
    });
  });

  test.each([
    [{ key: "yes" }, /context key is "yes"; give true or false/],
    [{ publishers: "123456789012" }, /context publishers has "123456789012"; give <account>=/],
    [{ bus: 7 }, /context bus is 7; give a text/],
    [{ stage: "staging" }, /stage is "staging"; give dev or prod/],
  ])("%j is refused", (context, message) => {
    expect(() => appSettings(anApp(context))).toThrow(message);
  });
});
