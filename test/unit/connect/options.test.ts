import { expect, test } from "vitest";
import { checkOptions } from "../../../lib/connect/options.ts";

test.each([
  {},
  { engine: "memory", keep: 10 },
  { engine: "embedded", file: "a.db", retention: "7d", maxPending: 1 },
  { use: [{ publish: () => {} }, () => ({})] },
  { engine: () => {} },
  { engine: "aws", bus: "agents", lease: "1s" },
  { engine: "aws", bus: "arn:aws:events:eu-west-1:123456789012:event-bus/agents" },
  { engine: "postgres", url: "postgres://localhost/app", lease: "1s", retention: "7d", maxPending: 1 },
  { engine: "http", url: "https://bus.internal:4600", token: "wgl_1", lease: "1s" },
  { grace: 0, logLevel: "silent", random: Math.random, onError: () => {} },
])("checkOptions accepts %j", (options) => {
  expect(() => checkOptions(options, "connect")).not.toThrow();
});

test.each([
  {
    options: { engine: "sqlite" },
    says: /^connect: engine must be "embedded", "memory", "aws", "postgres", "kafka", "http" or a function that opens an engine, not "sqlite"$/,
  },
  { options: { enginee: "memory" }, says: /^connect: unknown option enginee; did you mean "engine"\?/ },
  { options: { zzzzzz: 1 }, says: /^connect: unknown option zzzzzz; the options are engine, file, / },
  { options: { use: [{}] }, says: /^connect: use\[0\] must be .*, not \{\}$/ },
  {
    options: { engine: () => {}, file: "a.db" },
    says: /file is for the embedded engine; omit it with an engine of/,
  },
  { options: { retention: "a month" }, says: /^connect: retention must be a duration .*, not "a month"$/ },
  { options: { grace: -1 }, says: /^connect: grace must be from .*, not -1$/ },
  { options: { source: "" }, says: /source must have at least 1 character, but is ""$/ },
  { options: { source: "aws.mine" }, says: /source must not start with "aws\.", but is "aws\.mine"$/ },
  { options: { keep: 0 }, says: /keep must be at least 1, not 0$/ },
  { options: { onError: "log" }, says: /onError must be a function, not "log"$/ },
  { options: { catalog: {} }, says: /catalog must be an object with the methods resolve, upcast, not \{\}$/ },
  { options: { engine: "memory", url: "http://localhost:4600" }, says: /url is for postgres, kafka and http; omit it/ },
  { options: { engine: "http", url: "http://a", file: "a.db" }, says: /file is for the embedded engine; omit it/ },
  { options: { engine: "memory", file: "a.db" }, says: /file is for the embedded engine/ },
  {
    options: { engine: "memory", bus: "agents" },
    says: /bus is for aws and kafka; omit it with engine "memory"/,
  },
  {
    options: { engine: "memory", retention: "7d" },
    says: /retention is for the embedded, postgres and kafka engines; omit it with engine "memory"/,
  },
  {
    options: { engine: "memory", maxPending: 5 },
    says: /maxPending is for the embedded, postgres and kafka engines; omit it with engine "memory"/,
  },
  { options: { engine: "embedded", keep: 5 }, says: /keep is for the memory engine; omit it with engine "embedded"/ },
  { options: { engine: "embedded", lease: "5s" }, says: /lease is for aws, postgres and http/ },
  { options: { engine: "aws", file: "a.db" }, says: /file is for the embedded engine; omit it with engine "aws"/ },
  { options: { engine: "aws", keep: 5 }, says: /keep is for the memory engine/ },
  { options: { engine: "aws", maxPending: 5 }, says: /maxPending is for the embedded, postgres and kafka engines/ },
  { options: { engine: "aws", retention: "7d" }, says: /retention is .*, whose stack sets the retention of history$/ },
  {
    options: { engine: "embedded", url: "postgres://" },
    says: /url is for postgres, kafka and http; omit it with engine "emb/,
  },
  { options: { engine: "postgres", bus: "agents" }, says: /bus is for aws and kafka; omit it with engine "postgres"/ },
  { options: { engine: "kafka", file: "a.db" }, says: /file is for the embedded engine; omit it with engine "kafka"/ },
  { options: { engine: "postgres", store: "a.db" }, says: /store is for the kafka engine; omit it with/ },
  { options: { bus: "My_Bus" }, says: /^connect: bus must be 1 to 20 characters of .*, not "My_Bus"$/ },
  { options: { lease: "10ms" }, says: /lease must be from 1s to 12h, not "10ms"$/ },
  { options: Promise.resolve({}), says: /^connect: the options must be an object, not an instance of Promise$/ },
  {
    options: new Map([["engine", "memory"]]),
    says: /^connect: the options must be an object, not an instance of Map$/,
  },
  { options: [], says: /^connect: the options must be an object, not \[\]$/ },
  { options: null, says: /^connect: the options must be an object, not null$/ },
  { options: "memory", says: /^connect: the options must be an object, not "memory"$/ },
])("checkOptions refuses $options with the source, the value and the fix", ({ options, says }) => {
  expect(() => checkOptions(options, "connect")).toThrow(
    expect.objectContaining({ code: "invalid_config", message: expect.stringMatching(says) }),
  );
});
