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
  test("applies the defaults, in milliseconds", () => {
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

  test("keeps the given settings, with types by name and times in UTC", () => {
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

  test("returns an equal record for a record", () => {
    for (const options of [readers, { name: "a", on: "*" }]) {
      const record = subscriptionRecord(options);
      expect(subscriptionRecord(JSON.parse(JSON.stringify(record)))).toEqual(record);
    }
  });

  test("returns a frozen copy that does not change with its options", () => {
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

  test("adjusts the default end of the backoff to the given one", () => {
    expect(subscriptionRecord({ name: "a", on: "*", backoff: { from: "10m" } }).backoff).toEqual({
      from: 600_000,
      to: 600_000,
    });
    expect(subscriptionRecord({ name: "a", on: "*", backoff: { to: 10 } }).backoff).toEqual({ from: 10, to: 10 });
  });

  test.each([
    [null, "subscription: must be an object such as { name, on }, not null"],
    [{ atempts: 3 }, 'subscription readers: unknown setting atempts; did you mean "attempts"?'],
    [{ colour: 3 }, "unknown setting colour; the settings are name, on, where"],
    [{ name: undefined }, "subscription: name is missing; it must be 1 to 48 characters of a-z, 0-9 and -"],
    [{ name: "Readers" }, 'subscription "Readers": name must be 1 to 48 characters of a-z, 0-9 and -, starting with'],
    [{ name: "x".repeat(49) }, "name must be 1 to 48 characters"],
    [{ name: "1a" }, 'starting with a letter, not "1a"'],
    [{ on: undefined }, "on is missing; it must be one or more definitions or type names"],
    [{ on: [] }, 'on must be one or more definitions or type names, or "*" for all, not []'],
    [{ on: ["task.created", 5] }, 'on must be one or more definitions or type names, or "*" for all, not 5'],
    [{ on: "Task.*" }, 'the type "Task.*" in on must have only a-z'],
    [{ on: "task" }, 'the type "task" in on must have two or more words'],
    [{ on: "task.**" }, 'the type "task.**" in on has "**"'],
    [{ on: `task.${"x".repeat(130)}` }, "in on has 135 characters; at most 128 are allowed"],
    [{ attempts: 0 }, "attempts must be an integer from 1 to 100, not 0"],
    [{ attempts: 101 }, "attempts must be an integer from 1 to 100, not 101"],
    [{ attempts: "5" }, 'attempts must be an integer from 1 to 100, not "5"'],
    [{ concurrency: 1_001 }, "concurrency must be an integer from 1 to 1000, not 1001"],
    [{ throttle: 5 }, "throttle must be an object, not 5"],
    [{ throttle: {} }, "throttle.limit is missing; it must be an integer from 1 to 10000"],
    [{ throttle: { limit: 0, per: "1s" } }, "throttle.limit must be an integer from 1 to 10000, not 0"],
    [{ throttle: { limit: 5 } }, "throttle.per is missing; it must be a duration"],
    [{ throttle: { limit: 5, per: 0 } }, "throttle.per must be from 1ms to 1d, not 0"],
    [{ throttle: { limit: 5, per: "2d" } }, 'throttle.per must be from 1ms to 1d, not "2d"'],
    [{ throttle: { limit: 5, per: "1s", key: "taskId" } }, 'throttle.key must be a path such as "data.taskId"'],
    [
      { throttle: { limit: 5, per: "1s", by: "source" } },
      "unknown setting throttle.by; the settings are limit, per, key",
    ],
    [{ concurrencyPerKey: 1 }, "concurrencyPerKey must be an object, not 1"],
    [
      { concurrencyPerKey: { key: "source" } },
      "concurrencyPerKey.limit is missing; it must be an integer from 1 to 1000",
    ],
    [{ concurrencyPerKey: { limit: 1 } }, "concurrencyPerKey.key is missing; it must be a path such as"],
    [{ concurrencyPerKey: { key: "data", limit: 1 } }, 'or "type", not "data"'],
    [{ concurrencyPerKey: { key: "source", limt: 1, limit: 1 } }, 'did you mean "limit"?'],
    [{ maxBacklog: 0 }, "maxBacklog must be an integer from 1"],
    [{ timeout: "30" }, "subscription readers: timeout must be a duration such as"],
    [{ timeout: 0 }, "timeout must be from 1ms to 12h, not 0"],
    [{ timeout: "13h" }, 'timeout must be from 1ms to 12h, not "13h"'],
    [{ timeout: {} }, "timeout must be a string or a number, not {}"],
    [{ backoff: { to: "12h" } }, 'backoff.to must be from 1ms to 11h, not "12h"'],
    [{ backoff: { from: "5m", to: "1m" } }, 'backoff.from must be at most backoff.to, which is "1m", not "5m"'],
    [{ backoff: { form: "5m" } }, 'unknown setting backoff.form; did you mean "from"?'],
    [{ backoff: "1s" }, 'backoff must be an object, not "1s"'],
    [{ backoff: { from: {} } }, "backoff.from must be a string or a number, not {}"],
    [{ ordered: "taskId" }, 'ordered must be a path such as "data.taskId"'],
    [{ ordered: "data" }, 'or "type", not "data"'],
    [{ ordered: "data..a" }, 'or "type", not "data..a"'],
    [{ idempotent: 1 }, "idempotent must be a boolean, not 1"],
    [{ dedupeFor: "2000d" }, "dedupeFor must be from 1ms to 365d"],
    [{ from: "yesterday" }, 'from must be "now", "beginning" or an RFC 3339 time'],
    [{ from: new Date(Number.NaN) }, "not an invalid Date"],
    [{ where: "x" }, 'where must be an object, not "x"'],
    [{ where: { dat: {} } }, 'unknown field where.dat; did you mean "data"?'],
    [{ where: { type: ["a.b"] } }, "where.type is not allowed; name types in `on`"],
    [{ where: { $or: [{ data: { a: [1] } }, { typ: ["a"] }] } }, "unknown field where.$or[1].typ"],
  ])("%#: refuses %j", (parts, message) => {
    expect(() => subscriptionRecord(parts === null ? null : { ...readers, ...parts })).toThrow(refused(message));
  });

  test.each([
    [{ data: { a: "x" } }, "data.a"],
    [{ data: { a: [{ prefx: "x" }] } }, "prefx"],
    [{ data: { a: [] } }, "data.a"],
    [{ data: { a: [1n] } }, "where.data.a[0] is 1n"],
    [{ data: {} }, "data"],
  ])("%#: refuses the invalid pattern %o", (where, position) => {
    expect(() => subscriptionRecord({ ...readers, where })).toThrow(
      refused("subscription readers: where", "invalid_pattern"),
    );
    expect(() => subscriptionRecord({ ...readers, where })).toThrow(position);
  });

  test("ignores an empty where", () => {
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
  test("returns its options, frozen", () => {
    const options = { name: "readers", on: [taskAssigned] } as const;
    expect(defineSubscription(options)).toEqual(options);
    expect(Object.isFrozen(defineSubscription(options))).toBe(true);
  });

  test("accepts a subscription without a name, and refuses an invalid one", () => {
    expect(defineSubscription({ on: "task.*" })).toEqual({ on: "task.*" });
    expect(() => defineSubscription({ on: "task.*", attempts: 0 })).toThrow(refused("attempts must be"));
    expect(() => defineSubscription({ name: "Bad", on: "task.*" })).toThrow(refused("name must be"));
  });
});
