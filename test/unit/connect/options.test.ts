import { expect, test } from "vitest";
import { checkOptions } from "../../../lib/connect/options.ts";

test.each([
  {},
  { engine: "memory", keep: 10 },
  { engine: "embedded", file: "a.db", retention: "7d", maxPending: 1 },
  { use: [{ publish: () => {} }, () => ({})] },
  { engine: () => {} },
  { engine: "aws", bus: "agents", lease: "1s" },
  { grace: 0, logLevel: "silent", random: Math.random, onError: () => {} },
])("%j is taken", (options) => {
  expect(() => checkOptions(options, "connect")).not.toThrow();
});

test.each([
  {
    options: { engine: "sqlite" },
    says: /^connect: engine is "sqlite"; give "embedded", "memory", "aws", or a function that/,
  },
  { options: { enginee: "memory" }, says: /^connect: there is no option enginee; did you mean "engine"\?/ },
  { options: { zzzzzz: 1 }, says: /^connect: there is no option zzzzzz; known are engine, file, / },
  { options: { use: [{}] }, says: /use\[0\] is \{\}; give / },
  {
    options: { engine: () => {}, file: "a.db" },
    says: /file is for the embedded engine; leave it out with an engine of/,
  },
  { options: { retention: "a month" }, says: /connect: retention is "a month", which is no duration/ },
  { options: { grace: -1 }, says: /connect: grace is -1; give a duration from / },
  { options: { source: "" }, says: /source is ""; give at least 1 characters$/ },
  { options: { source: "aws.mine" }, says: /source is "aws\.mine"; give a name that does not start with "aws\."/ },
  { options: { keep: 0 }, says: /keep is 0; give at least 1$/ },
  { options: { onError: "log" }, says: /onError is "log"; give a function/ },
  { options: { catalog: {} }, says: /catalog is \{\}; give an object with resolve, upcast/ },
  { options: { engine: "memory", file: "a.db" }, says: /file is for the embedded engine/ },
  {
    options: { engine: "memory", bus: "agents" },
    says: /bus is for the aws engine; leave it out with engine "memory"/,
  },
  { options: { engine: "embedded", lease: "5s" }, says: /lease is for the aws engine/ },
  { options: { engine: "aws", file: "a.db" }, says: /file is for the embedded engine; leave it out with engine "aws"/ },
  { options: { engine: "aws", keep: 5 }, says: /keep is for the memory engine/ },
  { options: { engine: "aws", maxPending: 5 }, says: /maxPending is for the embedded engine/ },
  { options: { engine: "aws", retention: "7d" }, says: /retention is .*, whose stack says how long history is kept$/ },
  { options: { bus: "My_Bus" }, says: /^connect: bus is "My_Bus", which is not a bus name; give 1 to 20 of/ },
  { options: { lease: "10ms" }, says: /lease is "10ms"; give a duration from 1s to 12h$/ },
  { options: "memory", says: /^connect: options are "memory"; give an object$/ },
])("$options is refused with the place, the value and the fix", ({ options, says }) => {
  expect(() => checkOptions(options, "connect")).toThrow(
    expect.objectContaining({ code: "invalid_config", message: expect.stringMatching(says) }),
  );
});
