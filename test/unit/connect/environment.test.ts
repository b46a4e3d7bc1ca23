import { expect, test } from "vitest";
import { environmentOptions } from "../../../lib/connect/environment.ts";
import { aBusConfig } from "../../support/a-bus-config.ts";

test("each variable sets its option, and other variables are ignored", () => {
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

test("WAGGLE_BUS names a deployed bus", () => {
  expect(environmentOptions({ WAGGLE_ENGINE: "aws", WAGGLE_BUS: "agents" })).toEqual({ engine: "aws", bus: "agents" });
});

const functionBus = {
  WAGGLE_AWS_BUS: JSON.stringify(aBusConfig()),
};

test("in a Lambda function the default bus is the function's own", () => {
  expect(environmentOptions(functionBus)).toEqual({ engine: "aws", bus: "agents" });
  expect(environmentOptions({ ...functionBus, WAGGLE_BUS: "other" })).toEqual({ bus: "other" });
  expect(environmentOptions({ ...functionBus, WAGGLE_ENGINE: "memory" })).toEqual({ engine: "memory" });
});

test("an invalid configuration of a function's bus is refused", () => {
  expect(() => environmentOptions({ WAGGLE_AWS_BUS: "{}" })).toThrow(
    /environment variable WAGGLE_AWS_BUS holds what this version of Waggle cannot read/,
  );
});

test("an empty variable is ignored", () => {
  expect(environmentOptions({ WAGGLE_ENGINE: "", WAGGLE_FILE: undefined })).toEqual({});
});

test("a misspelt variable is refused, since it would have no effect", () => {
  expect(() => environmentOptions({ WAGGLE_ENGIN: "memory" })).toThrow(
    'environment: unknown variable WAGGLE_ENGIN; did you mean "WAGGLE_ENGINE"?',
  );
});

test("an invalid value is refused with the name of its variable", () => {
  expect(() => environmentOptions({ WAGGLE_ENGINE: "sqlite" })).toThrow(
    /^environment: WAGGLE_ENGINE must be "embedded", "memory", "aws", "postgres", "kafka", "http" or a function that .*, not "sqlite"$/,
  );
  expect(() => environmentOptions({ WAGGLE_GRACE: "long" })).toThrow(
    /^environment: WAGGLE_GRACE must be a duration .*, not "long"$/,
  );
});

test("a variable that a construct sets for its function is not taken for a misspelt one", () => {
  expect(environmentOptions({ WAGGLE_AWS_SUBSCRIPTION: "{}" })).toEqual({});
});
