import { expect, test } from "vitest";
import { environmentOptions } from "../../../lib/connect/environment.ts";
import { aBusConfig } from "../../support/a-bus-config.ts";

test("each variable sets its option; others are not looked at", () => {
  expect(
    environmentOptions({
      WAGGLE_ENGINE: "embedded",
      WAGGLE_FILE: "x/bus.db",
      WAGGLE_SOURCE: "crew",
      WAGGLE_RETENTION: "7d",
      WAGGLE_GRACE: "5s",
      WAGGLE_LOG_LEVEL: "info",
      PATH: "/bin",
      WAGGLE_DANCE_FLOOR_COLOUR: "red",
    }),
  ).toEqual({
    engine: "embedded",
    file: "x/bus.db",
    source: "crew",
    retention: "7d",
    grace: "5s",
    logLevel: "info",
  });
});

test("a deployed bus is named by a variable too", () => {
  expect(environmentOptions({ WAGGLE_ENGINE: "aws", WAGGLE_BUS: "agents" })).toEqual({ engine: "aws", bus: "agents" });
});

const functionBus = {
  WAGGLE_AWS_BUS: JSON.stringify(aBusConfig()),
};

test("in a function the bus is the function's own, where nothing else is said", () => {
  expect(environmentOptions(functionBus)).toEqual({ engine: "aws", bus: "agents" });
  expect(environmentOptions({ ...functionBus, WAGGLE_BUS: "other" })).toEqual({ bus: "other" });
  expect(environmentOptions({ ...functionBus, WAGGLE_ENGINE: "memory" })).toEqual({ engine: "memory" });
});

test("what a function was deployed with is parsed", () => {
  expect(() => environmentOptions({ WAGGLE_AWS_BUS: "{}" })).toThrow(
    /environment variable WAGGLE_AWS_BUS holds what this version of Waggle cannot read/,
  );
});

test("an empty variable says nothing", () => {
  expect(environmentOptions({ WAGGLE_ENGINE: "", WAGGLE_FILE: undefined })).toEqual({});
});

test("a variable that is nearly one of ours is refused, since it would do nothing", () => {
  expect(() => environmentOptions({ WAGGLE_ENGIN: "memory" })).toThrow(
    'environment: there is no variable WAGGLE_ENGIN; did you mean "WAGGLE_ENGINE"?',
  );
});

test("a bad value is refused with the name of its variable", () => {
  expect(() => environmentOptions({ WAGGLE_ENGINE: "sqlite" })).toThrow(
    /^environment: WAGGLE_ENGINE is "sqlite"; give "embedded", "memory", "aws", or a function that/,
  );
  expect(() => environmentOptions({ WAGGLE_GRACE: "long" })).toThrow(/^environment: WAGGLE_GRACE is "long"/);
});

test("what a construct sets for the code of its function is none of them, however near", () => {
  expect(environmentOptions({ WAGGLE_AWS_SUBSCRIPTION: "{}" })).toEqual({});
});
