import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { taskAssigned } from "../../../lib/catalog/index.ts";
import { BusError } from "../../../lib/error/bus-error.ts";
import { defineSubscription, subscriptionRecord } from "../../../lib/subscription/index.ts";

const readers = {
  name: "readers",
  on: [taskAssigned, "memory.*", "*.failed"],
  where: { data: { kind: ["document"] }, metadata: { priority: [{ numeric: ["<=", 3] }] } },
  attempts: 3,
  backoff: { from: "2s", to: "1m" },
  timeout: "45s",
  concurrency: 4,
  concurrencyPerKey: { key: "data.taskId", limit: 2 },
  throttle: { limit: 100, per: "1m", key: "metadata.agentId" },
  ordered: "data.taskId",
  idempotent: false,
  dedupeFor: "1d",
  from: "2026-01-31T13:00:00.5+01:00",
  maxBacklog: 100,
};

const refused = (message: string, code = "invalid_config") =>
  expect.objectContaining({ name: "BusError", code, message: expect.stringContaining(message) });

describe("subscriptionRecord", () => {
  test("fills in the defaults, in milliseconds", () => {
    expect(subscriptionRecord({ name: "readers", on: "task.*" })).toEqual({
      name: "readers",
      on: ["task.*"],
      attempts: 5,
      backoff: { from: 1_000, to: 300_000 },
      timeout: 30_000,
      concurrency: 10,
      idempotent: true,
      dedupeFor: 1_296_000_000,
      from: "now",
    });
  });

  test("keeps what is said, types by name and times in UTC", () => {
    expect(subscriptionRecord(readers)).toEqual({
      ...readers,
      on: ["task.assigned", "memory.*", "*.failed"],
      backoff: { from: 2_000, to: 60_000 },
      timeout: 45_000,
      throttle: { limit: 100, per: 60_000, key: "metadata.agentId" },
      dedupeFor: 86_400_000,
      from: "2026-01-31T12:00:00.5Z",
    });
    expect(subscriptionRecord({ ...readers, from: new Date(0) }).from).toBe("1970-01-01T00:00:00.000Z");
    expect(subscriptionRecord({ ...readers, from: "beginning" }).from).toBe("beginning");
    expect(subscriptionRecord({ name: "a", on: ["a.b", "a.b", "*"] }).on).toEqual(["a.b", "*"]);
  });

  test("given a record gives an equal one", () => {
    for (const options of [readers, { name: "a", on: "*" }]) {
      const record = subscriptionRecord(options);
      expect(subscriptionRecord(JSON.parse(JSON.stringify(record)))).toEqual(record);
    }
  });

  test("is frozen, and does not follow its options", () => {
    const where = { data: { kind: ["document"] } };
    const record = subscriptionRecord({ ...readers, where });
    where.data.kind.push("mail");
    expect(record.where).toEqual({ data: { kind: ["document"] } });
    for (const part of [
      record,
      record.on,
      record.backoff,
      record.throttle,
      record.concurrencyPerKey,
      record.where?.data,
    ])
      expect(Object.isFrozen(part)).toBe(true);
  });

  test("lifts the longest backoff to the first, and lowers the first to the longest", () => {
    expect(subscriptionRecord({ name: "a", on: "*", backoff: { from: "10m" } }).backoff).toEqual({
      from: 600_000,
      to: 600_000,
    });
    expect(subscriptionRecord({ name: "a", on: "*", backoff: { to: 10 } }).backoff).toEqual({ from: 10, to: 10 });
  });

  test.each([
    [null, "Subscription: is null; give { name, on, … }"],
    [{ atempts: 3 }, 'Subscription "readers": atempts is no setting of a subscription; did you mean "attempts"?'],
    [{ colour: 3 }, "colour is no setting of a subscription; give name, on, where"],
    [{ name: undefined }, "Subscription: name is missing; give 1 to 48 of a-z, 0-9 and -"],
    [{ name: "Readers" }, 'Subscription "Readers": name is "Readers"; give'],
    [{ name: "x".repeat(49) }, "give 1 to 48"],
    [{ name: "1a" }, 'name is "1a"'],
    [{ on: undefined }, "on has nothing, which is no type"],
    [{ on: [] }, 'on is []; give at least one type, or "*" for all'],
    [{ on: ["task.created", 5] }, "on has 5, which is no type; give a definition, a type name or one with *"],
    [{ on: "Task.*" }, 'on has "Task.*", which is no type name'],
    [{ on: "task" }, 'on has "task", which has one word only'],
    [{ on: "task.**" }, "two * side by side"],
    [{ on: `task.${"x".repeat(130)}` }, "at most 128"],
    [{ attempts: 0 }, "attempts is 0; give an integer from 1 to 100"],
    [{ attempts: 101 }, "attempts is 101; give an integer from 1 to 100"],
    [{ attempts: "5" }, 'attempts is "5"; give an integer from 1 to 100'],
    [{ concurrency: 1_001 }, "concurrency is 1001; give an integer from 1 to 1000"],
    [{ throttle: 5 }, "throttle is 5; give an object"],
    [{ throttle: {} }, "throttle.limit is missing; give an integer from 1 to 10000"],
    [{ throttle: { limit: 0, per: "1s" } }, "throttle.limit is 0; give an integer from 1 to 10000"],
    [{ throttle: { limit: 5 } }, "throttle.per is missing; give a duration"],
    [{ throttle: { limit: 5, per: 0 } }, "throttle.per is 0; give a duration from 1ms to 1d"],
    [{ throttle: { limit: 5, per: "2d" } }, 'throttle.per is "2d"; give a duration from 1ms to 1d'],
    [{ throttle: { limit: 5, per: "1s", key: "taskId" } }, 'throttle.key is "taskId"; give a path such as'],
    [
      { throttle: { limit: 5, per: "1s", by: "source" } },
      "throttle.by is no setting of a subscription; give limit, per, key",
    ],
    [{ concurrencyPerKey: 1 }, "concurrencyPerKey is 1; give an object"],
    [{ concurrencyPerKey: { key: "source" } }, "concurrencyPerKey.limit is missing; give an integer from 1 to 1000"],
    [{ concurrencyPerKey: { limit: 1 } }, "concurrencyPerKey.key is missing; give a path such as"],
    [{ concurrencyPerKey: { key: "data", limit: 1 } }, 'concurrencyPerKey.key is "data"; give a path'],
    [{ concurrencyPerKey: { key: "source", limt: 1, limit: 1 } }, 'did you mean "limit"?'],
    [{ maxBacklog: 0 }, "maxBacklog is 0; give an integer from 1"],
    [{ timeout: "30" }, 'Subscription "readers": timeout is "30", which is no duration'],
    [{ timeout: 0 }, "timeout is 0; give a duration from 1ms to 12h"],
    [{ timeout: "13h" }, "give a duration from 1ms to 12h"],
    [{ timeout: {} }, "timeout is {}; give a string or a number"],
    [{ backoff: { to: "12h" } }, 'backoff.to is "12h"; give a duration from 1ms to 11h'],
    [{ backoff: { from: "5m", to: "1m" } }, 'backoff.from is "5m", more than backoff.to, "1m"'],
    [{ backoff: { form: "5m" } }, 'backoff.form is no setting of a subscription; did you mean "from"?'],
    [{ backoff: "1s" }, 'backoff is "1s"; give an object'],
    [{ ordered: "taskId" }, 'ordered is "taskId"; give a path such as "data.taskId"'],
    [{ ordered: "data" }, 'ordered is "data"'],
    [{ ordered: "data..a" }, 'ordered is "data..a"'],
    [{ idempotent: 1 }, "idempotent is 1; give a boolean"],
    [{ dedupeFor: "2000d" }, "dedupeFor is"],
    [{ from: "yesterday" }, 'from is "yesterday"; give "now", "beginning", or an RFC 3339 time'],
    [{ from: new Date(Number.NaN) }, "from is an invalid Date"],
    [{ where: "x" }, 'where is "x"; give an object'],
    [{ where: { dat: {} } }, 'where.dat is no field of an event; did you mean "data"?'],
    [{ where: { type: ["a.b"] } }, "where.type is not for `where`; name types in `on`"],
    [{ where: { $or: [{ data: { a: [1] } }, { typ: ["a"] }] } }, "where.$or[1].typ is no field of an event"],
  ])("%#: refuses %j", (parts, message) => {
    expect(() => subscriptionRecord(parts === null ? null : { ...readers, ...parts })).toThrow(refused(message));
  });

  test.each([
    [{ data: { a: "x" } }, "data.a"],
    [{ data: { a: [{ prefx: "x" }] } }, "prefx"],
    [{ data: { a: [] } }, "data.a"],
    [{ data: { a: [1n] } }, "where.data.a[0] is 1n"],
    [{ data: {} }, "data"],
  ])("%#: refuses a pattern that is none: %o", (where, place) => {
    expect(() => subscriptionRecord({ ...readers, where })).toThrow(
      refused('Subscription "readers": where', "invalid_pattern"),
    );
    expect(() => subscriptionRecord({ ...readers, where })).toThrow(place);
  });

  test("takes an empty where as none", () => {
    expect(subscriptionRecord({ name: "a", on: "*", where: {} })).toEqual(subscriptionRecord({ name: "a", on: "*" }));
  });

  test("never throws anything but a BusError", () => {
    const names = fc.constantFrom(...Object.keys(readers));
    fc.assert(
      fc.property(fc.dictionary(names, fc.anything()), (parts) => {
        try {
          subscriptionRecord({ ...readers, ...parts });
        } catch (thrown) {
          if (!(thrown instanceof BusError)) throw thrown;
        }
      }),
    );
  });
});

describe("defineSubscription", () => {
  test("gives its options, frozen", () => {
    const options = { name: "readers", on: [taskAssigned] } as const;
    expect(defineSubscription(options)).toEqual(options);
    expect(Object.isFrozen(defineSubscription(options))).toBe(true);
  });

  test("may do without a name, and fails where it is written", () => {
    expect(defineSubscription({ on: "task.*" })).toEqual({ on: "task.*" });
    expect(() => defineSubscription({ on: "task.*", attempts: 0 })).toThrow(refused("attempts is 0"));
    expect(() => defineSubscription({ name: "Bad", on: "task.*" })).toThrow(refused('name is "Bad"'));
  });
});
