import { expect, test } from "vitest";
import type { Appended, Entry } from "../../../lib/engine/event-log.ts";
import { BusError } from "../../../lib/error/bus-error.ts";
import { composePublish, type PublishMiddleware } from "../../../lib/publish/middleware.ts";
import { anEvent } from "../../support/an-event.ts";

const entry: Entry = { event: anEvent(), ownId: false, history: true, inHandler: false };
const append = ({ event }: Entry): Appended => ({ event, duplicate: false });

test("without any, the log is what is called", () => {
  expect(composePublish([], append)).toBe(append);
});

test("the first is the outermost", async () => {
  const order: string[] = [];
  const named =
    (name: string): PublishMiddleware =>
    async (one, next) => {
      order.push(`${name} before`);
      const appended = await next(one);
      order.push(`${name} after`);
      return appended;
    };
  const publish = composePublish([named("one"), named("two")], (one) => {
    order.push("log");
    return append(one);
  });
  await publish(entry);
  expect(order).toEqual(["one before", "two before", "log", "two after", "one after"]);
});

test("what is appended at once is given back at once, where no middleware waits", () => {
  const pass: PublishMiddleware = (one, next) => next(one);
  expect(composePublish([pass, pass], append)(entry)).toEqual({ event: entry.event, duplicate: false });
});

test("another entry handed on is what those inside see, and what is appended", () => {
  const seen: Entry[] = [];
  const changed = { ...entry, event: { ...entry.event, source: "changed" } };
  const publish = composePublish(
    [
      (_, next) => next(changed),
      (one, next) => {
        seen.push(one);
        return next(one);
      },
    ],
    append,
  );
  expect(publish(entry)).toMatchObject({ event: { source: "changed" } });
  expect(seen).toEqual([changed]);
});

test("one that throws keeps the entry from those inside", () => {
  const refused = new BusError("rate_limited", "too fast");
  let appended = 0;
  const publish = composePublish(
    [
      () => {
        throw refused;
      },
    ],
    (one) => {
      appended += 1;
      return append(one);
    },
  );
  expect(() => publish(entry)).toThrow(refused);
  expect(appended).toBe(0);
});

test("one may hand on again what failed", async () => {
  let calls = 0;
  const again: PublishMiddleware = async (one, next) => {
    try {
      return await next(one);
    } catch {
      return next(one);
    }
  };
  const publish = composePublish([again], async (one) => {
    calls += 1;
    if (calls === 1) throw new BusError("unavailable", "the store is down");
    return append(one);
  });
  expect(await publish(entry)).toMatchObject({ duplicate: false });
  expect(calls).toBe(2);
});
