import { expect } from "vitest";
import type { DeadLetter } from "../../delivery.ts";
import type { ContractCase } from "../case.ts";
import type { CaseContext } from "../context.ts";

const type = "custom.contract.three_attempts";

/** The only dead letter of the case's flow. */
async function onlyDeadLetter(t: CaseContext): Promise<DeadLetter> {
  return t.eventually("a dead letter", async () => {
    const { deadLetters } = await t.bus.deadLetters.list({ correlationId: t.flow });
    return deadLetters.length === 1 && deadLetters[0];
  });
}

export const deliveryCases: readonly ContractCase[] = [
  {
    title: "a handler gets the event as it was published, frozen, with the facts of its delivery",
    needs: ["local-consumers"],
    run: async (t) => {
      const got: unknown[] = [];
      await t.consumeWith("faithful", async (event, context) => {
        const { attempt, signal, subscription, redriven, log, bus } = context;
        log.info("at work", { attempt });
        const stored = await t.eventually("it is recorded", () => bus.history.get(event.id));
        const frozen = Object.isFrozen(event) && Object.isFrozen(event.data) && Object.isFrozen(event.metadata);
        got.push({ event, attempt, aborted: signal.aborted, subscription, redriven, frozen, stored: stored.id });
      });
      const event = await t.publish("custom.contract.faithful", { data: { list: [1] } });
      await t.quiet();
      const subscription = "faithful";
      const told = { attempt: 1, aborted: false, subscription, redriven: false, frozen: true, stored: event.id };
      expect(got).toEqual([{ event, ...told }]);
    },
  },
  {
    title: "a handler that returns nothing, a value or a promise has succeeded",
    run: async (t) => {
      const returns = [undefined, false, 0, "", Promise.resolve(), Promise.resolve(false), null];
      const subscriber = await t.bus.subscribe({ on: "custom.contract.returns" }, ({ data }) => {
        const { index } = Object(data);
        return returns[Number(index)];
      });
      for (const index of returns.keys()) await t.publish("custom.contract.returns", { data: { index } });
      await t.quiet();
      expect(await subscriber.info()).toMatchObject({ delivered: returns.length, failed: 0, retried: 0, backlog: 0 });
    },
  },
  {
    title: "a failed delivery is tried again until it succeeds, and its success is final",
    run: async (t) => {
      await t.consume("three-attempts");
      const event = await t.publish(type, { script: { "three-attempts": [{ do: "fail", upTo: 2 }] } });
      const reports = await t.quiet({ subscription: "three-attempts", eventId: event.id });
      expect(reports.map(({ phase, attempt }) => `${attempt} ${phase}`)).toEqual([
        "1 started",
        "1 failed",
        "2 started",
        "2 failed",
        "3 started",
        "3 done",
      ]);
      expect((await t.bus.deadLetters.list({ correlationId: t.flow })).deadLetters).toEqual([]);
      await t.counted({ delivered: 1, failed: 2, retried: 2, deadLettered: 0 });
    },
  },
  {
    title: "out of attempts it becomes a dead letter with reason, stack, attempts and times",
    run: async (t) => {
      await t.consume("three-attempts");
      const script = { "three-attempts": [{ do: "fail", message: "no such document" }] } as const;
      const event = await t.publish(type, { script: { "three-attempts": [...script["three-attempts"]] } });
      const published = Date.now();
      const deadLetter = await onlyDeadLetter(t);
      expect(deadLetter).toEqual({
        id: deadLetter.id,
        subscription: "three-attempts",
        event,
        reason: {
          code: "handler_error",
          message: "no such document",
          stack: expect.stringContaining("scripted-handler"),
          at: deadLetter.reason.at,
          attempt: 3,
        },
        attempts: 3,
        failures: [1, 2, 3].map((attempt) => expect.objectContaining({ attempt, message: "no such document" })),
        acceptedAt: deadLetter.acceptedAt,
        deadAt: deadLetter.deadAt,
      });
      expect(deadLetter.failures[2]).toEqual(deadLetter.reason);
      const times = [deadLetter.acceptedAt, ...deadLetter.failures.map(({ at }) => at), deadLetter.deadAt];
      expect(times).toEqual([...times].sort());
      // It was accepted while it was published, by a clock that may be another.
      const acceptedAt = Date.parse(deadLetter.acceptedAt);
      expect(acceptedAt).toBeGreaterThan(Date.parse(event.time) - t.ms(1_000));
      expect(acceptedAt).toBeLessThan(published + t.ms(1_000));
      expect((await t.quiet({ phase: "started" })).map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
      await t.counted({ delivered: 0, failed: 3, retried: 2, deadLettered: 1 });
    },
  },
  {
    title: "what is thrown need not be an error",
    run: async (t) => {
      await t.bus.subscribe({ on: "custom.contract.thrown", attempts: 1 }, () => {
        // biome-ignore lint/style/useThrowOnlyError: handlers of JavaScript may
        throw "just a text";
      });
      await t.publish("custom.contract.thrown");
      expect((await onlyDeadLetter(t)).reason).toMatchObject({
        code: "handler_error",
        message: "just a text",
        attempt: 1,
      });
    },
  },
  {
    title: "one subscription's failures touch no other",
    run: async (t) => {
      await t.consume("failing-beside");
      await t.consume("undisturbed-by-failing");
      const events = [];
      for (let n = 0; n < 10; n += 1) {
        const script = { "failing-beside": [{ do: "fail" as const }] };
        events.push(await t.publish("custom.contract.failing_beside", { script }));
      }
      const reports = await t.quiet();
      const undisturbed = reports.filter((report) => report.subscription === "undisturbed-by-failing");
      const started = undisturbed.filter(({ phase }) => phase === "started").map(({ eventId }) => eventId);
      expect(t.delivered(started)).toEqual(t.delivered(events.map(({ id }) => id)));
      expect(undisturbed.every(({ attempt }) => attempt === 1)).toBe(true);
      expect((await t.bus.deadLetters.list({ correlationId: t.flow })).deadLetters).toHaveLength(10);
    },
  },
  {
    title: "the wait between attempts grows",
    run: async (t) => {
      await t.consume("growing-backoff");
      await t.publish("custom.contract.growing_backoff", { script: { "*": [{ do: "fail", upTo: 2 }] } });
      const [, firstFailed, second, secondFailed, third] = await t.quiet();
      // Half of a wait is fixed, half is chance: 30 to 60, then 60 to 120. A timer may fire within its last millisecond.
      expect((second?.at ?? 0) - (firstFailed?.at ?? 0)).toBeGreaterThanOrEqual(t.ms(30) - 2);
      expect((third?.at ?? 0) - (secondFailed?.at ?? 0)).toBeGreaterThanOrEqual(t.ms(60) - 2);
    },
  },
  {
    title: "NonRetriableError: never again",
    run: async (t) => {
      await t.consume("three-attempts");
      await t.publish(type, { script: { "three-attempts": [{ do: "fail-for-good", message: "not a document" }] } });
      expect(await onlyDeadLetter(t)).toMatchObject({
        attempts: 1,
        reason: { code: "non_retriable", message: "not a document", attempt: 1 },
      });
      expect(await t.quiet({ phase: "started" })).toHaveLength(1);
    },
  },
  {
    title: "RetryAfterError says when, in place of a longer backoff and of a shorter one",
    run: async (t) => {
      await t.consume("long-backoff");
      await t.consume("three-attempts");
      const script = { "*": [{ do: "retry-after" as const, ms: t.ms(80), upTo: 1 }] };
      const long = await t.publish("custom.contract.long_backoff", { script });
      const short = await t.publish(type, { script });
      await t.quiet();
      for (const { id } of [long, short]) {
        const [, failed, second] = await t.reports({ eventId: id });
        expect(second).toMatchObject({ phase: "started", attempt: 2 });
        expect((second?.at ?? 0) - (failed?.at ?? 0)).toBeGreaterThanOrEqual(t.ms(80) - 2);
      }
    },
  },
  {
    title: "RetryAfterError counts as an attempt",
    run: async (t) => {
      await t.consume("three-attempts");
      await t.publish(type, { script: { "three-attempts": [{ do: "retry-after", ms: 1 }] } });
      expect(await onlyDeadLetter(t)).toMatchObject({ attempts: 3, reason: { message: "put off by its script" } });
    },
  },
  {
    title: "a handler that runs again publishes once what has a dedupe key, and twice what has none",
    run: async (t) => {
      await t.consume("three-attempts");
      await t.publish(type, {
        script: {
          "three-attempts": [
            { do: "publish", type: "custom.contract.keyed", dedupe: "summary" },
            { do: "publish", type: "custom.contract.keyed", dedupe: "index" },
            { do: "publish", type: "custom.contract.unkeyed" },
            { do: "fail", upTo: 1 },
          ],
        },
      });
      const published = await t.quiet({ phase: "published" });
      expect(published.map(({ attempt }) => attempt)).toEqual([1, 1, 1, 2, 2, 2]);
      const ids = published.map(({ event }) => event?.id);
      expect(ids.slice(0, 2)).toEqual(ids.slice(3, 5));
      expect(new Set(ids).size).toBe(4);
      const query = { correlationId: t.flow, type: ["custom.contract.keyed", "custom.contract.unkeyed"] };
      await t.eventually("each is recorded once", async () => (await t.bus.history.query(query)).events.length === 4);
    },
  },
  {
    title: "a dedupe key is one's own: another event or another subscription publishes again",
    run: async (t) => {
      await t.consume("one-of-two");
      await t.consume("two-of-two");
      const script = { "*": [{ do: "publish" as const, type: "custom.contract.keyed" as const, dedupe: "summary" }] };
      await t.publish("custom.contract.for_two", { script });
      await t.publish("custom.contract.for_two", { script });
      const published = await t.quiet({ phase: "published" });
      expect(new Set(published.map(({ event }) => event?.id)).size).toBe(4);
    },
  },
  {
    title: "a publish that the handler does not await belongs to the run: its failure fails the attempt",
    needs: ["known-ids"],
    run: async (t) => {
      await t.bus.subscribe(
        { on: "custom.contract.careless", attempts: 2, backoff: { from: 1 } },
        (_, { bus, attempt }) => {
          void bus.publish({ type: "custom.contract.careless_followed", data: { n: attempt }, id: `one-id-${t.flow}` });
        },
      );
      const taken = await t.bus.publish({ type: "custom.contract.taken", data: {}, id: `one-id-${t.flow}` });
      expect(taken.id).toBe(`one-id-${t.flow}`);
      await t.publish("custom.contract.careless");
      expect(await onlyDeadLetter(t)).toMatchObject({ attempts: 2, reason: { code: "conflict" } });
    },
  },
  {
    title: "so does one that fails while the handler still runs",
    needs: ["known-ids"],
    run: async (t) => {
      const type = "custom.contract.careless_followed";
      await t.bus.subscribe({ on: "custom.contract.careless", attempts: 1 }, async (_, { bus }) => {
        void bus.publish({ type, data: { lost: true }, id: `one-id-${t.flow}` });
        for (let n = 0; n < 3; n += 1) await bus.publish({ type, data: { n } });
      });
      await t.bus.publish({ type: "custom.contract.taken", data: {}, id: `one-id-${t.flow}` });
      await t.publish("custom.contract.careless");
      expect(await onlyDeadLetter(t)).toMatchObject({ attempts: 1, reason: { code: "conflict" } });
    },
  },
];
