import { expect } from "vitest";
import { taskCompleted } from "../../../catalog/task.ts";
import type { Event } from "../../../event/event.ts";
import type { ContractCase } from "../case.ts";
import type { CaseContext } from "../context.ts";

const asked = "custom.contract.asked";
const answered = "custom.contract.answered";

/** A want for events of this case alone. */
const of = (t: CaseContext, on: string) => ({ on, where: { metadata: { correlationId: [t.flow] } } });

/** For many events that go one by one. */
const long = (t: CaseContext) => Math.max(t.longestWaitMs, t.ms(10_000));

const ids = (events: readonly Event[]) => events.map(({ id }) => id);

export const waitingCases: readonly ContractCase[] = [
  {
    title: "waitFor one: the next that matches, not one from before",
    run: async (t) => {
      await t.publishInTurn(answered);
      const waiting = t.bus.waitFor(of(t, answered));
      await t.publishInTurn(asked);
      const answer = await t.publishInTurn(answered, { data: { text: "42" } });
      expect(await waiting).toEqual(answer);
    },
  },
  {
    title: "waitFor and tail: what was published here before is not new, however late it is recorded",
    run: async (t) => {
      await t.publish(answered);
      const waiting = t.bus.waitFor(of(t, answered));
      const coming = t.bus.history.tail({ correlationId: t.flow })[Symbol.asyncIterator]();
      const first = coming.next();
      const next = await t.publish(answered);
      expect(await waiting).toEqual(next);
      expect((await first).value).toEqual(next);
      await coming.return?.();
    },
  },
  {
    title: "waitFor takes a definition, a type name, a wildcard, a list and a pattern",
    run: async (t) => {
      const where = { metadata: { correlationId: [t.flow] }, data: { taskId: ["t-2"] } };
      const waiting = Promise.all([
        t.bus.waitFor({ on: taskCompleted, where }),
        t.bus.waitFor({ on: "task.*", where }),
        t.bus.waitFor({ on: ["task.failed", taskCompleted], where }),
      ]);
      const metadata = { correlationId: t.flow };
      await t.bus.emit.task.completed({ taskId: "t-1" }, { metadata });
      const event = await t.bus.emit.task.completed({ taskId: "t-2" }, { metadata });
      expect(ids(await waiting)).toEqual([event.id, event.id, event.id]);
    },
  },
  {
    title: "waitFor any: the first that matches any",
    run: async (t) => {
      const waiting = t.bus.waitFor({ any: [of(t, "custom.contract.never"), of(t, answered), of(t, asked)] });
      const first = await t.publishInTurn(asked);
      await t.publishInTurn(answered);
      expect(await waiting).toEqual(first);
    },
  },
  {
    title: "waitFor all: one for each, in the order of the wants",
    run: async (t) => {
      const waiting = t.bus.waitFor({ all: [of(t, answered), of(t, asked), of(t, "custom.contract.a*")] });
      const first = await t.publishInTurn(asked);
      await t.publishInTurn(asked);
      const second = await t.publishInTurn(answered);
      expect(ids(await waiting)).toEqual([second.id, first.id, first.id]);
    },
  },
  {
    title: "waitFor n of: different events, in the order they came",
    run: async (t) => {
      const waiting = t.bus.waitFor({ count: 3, of: [of(t, answered), of(t, "custom.contract.a*")] });
      const events = [];
      for (const type of [answered, "custom.contract.never", asked, answered, answered] as const) {
        events.push(await t.publishInTurn(type));
      }
      expect(ids(await waiting)).toEqual([events[0], events[2], events[3]].map((event) => event?.id));
      await expect(t.bus.waitFor({ count: 0, of: [asked] })).rejects.toMatchObject({ code: "invalid_config" });
    },
  },
  {
    title: "waitFor n of gives n and no more, also where more come at once",
    run: async (t) => {
      const waiting = t.bus.waitFor({ count: 3, of: [of(t, answered)] }, { since: new Date() });
      const metadata = { correlationId: t.flow };
      await t.bus.publishAll(Array.from({ length: 8 }, (_, n) => ({ type: answered, data: { n }, metadata }) as const));
      expect(await waiting).toHaveLength(3);
    },
  },
  {
    title: "an answer that came before the question is found: since an event, since a time",
    run: async (t) => {
      const early = await t.publishInTurn(answered, { data: { n: "early" } });
      // It was accepted by now, and perhaps just now, which is later than its own time.
      const accepted = Date.now();
      await t.eventually("the clock goes on", () => Date.now() > accepted + 1);
      const time = new Date();
      const question = await t.publishInTurn(asked);
      const answer = await t.publishInTurn(answered, { time: "2001-01-01T00:00:00Z" });
      const last = await t.publishInTurn(answered);
      await t.eventually("it is recorded", () => t.bus.history.get(last.id));
      const want = of(t, answered);
      expect(await t.bus.waitFor(want, { since: question })).toEqual(answer);
      expect(await t.bus.waitFor(want, { since: answer })).toEqual(last);
      expect(await t.bus.waitFor(want, { since: time })).toEqual(answer);
      expect(await t.bus.waitFor(want, { since: time.toISOString() })).toEqual(answer);
      expect(ids(await t.bus.waitFor({ count: 2, of: [want] }, { since: early }))).toEqual([answer.id, last.id]);
      await expect(t.bus.waitFor(want, { since: "yesterday" })).rejects.toMatchObject({ code: "invalid_config" });
      await expect(t.bus.waitFor(want, { since: { ...last, id: "never-published" } })).rejects.toMatchObject({
        code: "not_found",
      });
    },
  },
  {
    title: "a lookback scan goes on into what comes: no gap and nothing twice while events arrive",
    run: async (t) => {
      const first = await t.publish(asked);
      let last = first;
      const metadata = { correlationId: t.flow };
      const before = Array.from({ length: 300 }, (_, n) => ({ type: answered, data: { n }, metadata }) as const);
      for (const result of await t.bus.publishAll(before)) if (result.ok) last = result.event;
      await t.recorded([first, last]);
      const waiting = t.bus.waitFor({ count: 350, of: [of(t, answered)] }, { since: first, timeout: long(t) });
      for (let n = 300; n < 350; n += 1) await t.publish(answered, { data: { n } });
      const found = await waiting;
      const numbers: number[] = found.map(({ data }) => Object(data).n);
      expect(t.inOrder(numbers)).toEqual(Array.from({ length: 350 }, (_, n) => n));
    },
  },
  {
    title: "timeout: it says what it waited for; 0 scans the past only",
    run: async (t) => {
      const began = Date.now();
      await expect(t.bus.waitFor(of(t, answered), { timeout: t.ms(30) })).rejects.toMatchObject({
        name: "BusError",
        code: "timeout",
        message: expect.stringContaining(answered),
      });
      expect(Date.now() - began).toBeGreaterThanOrEqual(t.ms(30) - 2);
      const event = await t.publishInTurn(asked);
      const answer = await t.publishInTurn(answered);
      await t.eventually("it is recorded", () => t.bus.history.get(answer.id));
      expect(await t.bus.waitFor(of(t, answered), { since: event, timeout: 0 })).toEqual(answer);
      await expect(t.bus.waitFor(of(t, answered), { since: answer, timeout: 0 })).rejects.toMatchObject({
        code: "timeout",
      });
    },
  },
  {
    title: "timeout 0 scans all that was there at the call, however much that is, and waits for nothing",
    run: async (t) => {
      const first = await t.publishInTurn(asked);
      const metadata = { correlationId: t.flow };
      const drafts = Array.from({ length: 600 }, (_, n) => ({ type: answered, data: { n }, metadata }) as const);
      const results = await t.bus.publishAll(drafts);
      await t.recorded(results.flatMap((result) => (result.ok ? [result.event] : [])));
      const last = await t.publishInTurn("custom.contract.answered_last");
      const options = { since: first, timeout: 0 };
      expect(await t.bus.waitFor(of(t, last.type), options)).toEqual(last);
      expect(await t.bus.waitFor({ count: 600, of: [of(t, answered)] }, options)).toHaveLength(600);
      for (const refused of [options, { timeout: 0 }]) {
        await expect(t.bus.waitFor(of(t, "custom.contract.never"), refused)).rejects.toMatchObject({ code: "timeout" });
      }
    },
  },
  {
    title: "AbortSignal: fired before or while it waits, it rejects as aborted",
    run: async (t) => {
      const controller = new AbortController();
      const waiting = expect(t.bus.waitFor(of(t, answered), { signal: controller.signal })).rejects.toMatchObject({
        name: "BusError",
        code: "aborted",
      });
      controller.abort(new Error("not needed any more"));
      await waiting;
      await expect(t.bus.waitFor(of(t, answered), { signal: AbortSignal.abort() })).rejects.toMatchObject({
        name: "BusError",
        code: "aborted",
      });
    },
  },
  {
    title: "a thousand wait at once, each for its own",
    run: async (t) => {
      const metadata = { correlationId: t.flow };
      const wait = (n: number) => {
        const where = { metadata: { correlationId: [t.flow] }, data: { n: [n] } };
        return t.bus.waitFor({ on: answered, where }, { timeout: long(t) });
      };
      const waiting = Promise.all(Array.from({ length: 1_000 }, (_, n) => wait(n)));
      const drafts = Array.from(
        { length: 1_000 },
        (_, n) => ({ type: answered, data: { n: 999 - n }, metadata }) as const,
      );
      const results = await t.bus.publishAll(drafts);
      const published = results.map((result) => (result.ok ? result.event.id : result.error.code));
      expect(ids(await waiting)).toEqual(published.toReversed());
    },
  },
  {
    title: "replayed deliveries are not seen; what is not recorded cannot be waited for",
    run: async (t) => {
      await t.consume("replayed-alone");
      const event = await t.publish("custom.contract.alone_replayed");
      await t.quiet();
      const waiting = t.bus.waitFor(of(t, "custom.contract.alone_replayed"));
      const report = await t.bus.replay({ ids: [event.id] }, { to: "replayed-alone" });
      await t.quiet();
      expect(report.deliveries).toEqual({ "replayed-alone": 1 });
      const next = await t.publish("custom.contract.alone_replayed");
      expect(await waiting).toEqual(next);
      await expect(t.bus.waitFor("llm.text.delta")).rejects.toMatchObject({
        code: "invalid_config",
        message: expect.stringContaining("llm.text.delta"),
      });
      await t.quiet();
    },
  },
];
