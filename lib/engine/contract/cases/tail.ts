import { expect } from "vitest";
import type { Event } from "../../../event/event.ts";
import type { ContractCase } from "../case.ts";

const noted = "custom.contract.noted";

export const tailCases: readonly ContractCase[] = [
  {
    title: "tail gives what is recorded from now on, oldest first, and ends when its reader does",
    run: async (t) => {
      await t.publishInTurn(noted);
      const seen: Event[] = [];
      const tail = t.bus.history.tail({ correlationId: t.flow, type: "custom.contract.noted*" });
      const reading = (async () => {
        for await (const event of tail) {
          seen.push(event);
          if (seen.length === 3) break;
        }
      })();
      const events = [await t.publishInTurn(noted), await t.publishInTurn("custom.contract.elsewhere")];
      for (let n = 0; n < 4; n += 1) events.push(await t.publishInTurn(noted, { data: { n } }));
      await reading;
      expect(seen).toEqual([events[0], events[2], events[3]]);
    },
  },
  {
    title: "tail since an event or a time reads on from there; it ends by its signal and with the bus",
    run: async (t) => {
      const bus = await t.connect();
      const first = await t.publishInTurn(noted, {}, bus);
      const since = await t.tick();
      const second = await t.publishInTurn(noted, {}, bus);
      const controller = new AbortController();
      const seenByClose: Event[] = [];
      const read = async (from: Event | Date, seen: Event[], signal?: AbortSignal) => {
        const options = signal === undefined ? { since: from } : { since: from, signal };
        for await (const event of bus.history.tail({ correlationId: t.flow }, options)) {
          seen.push(event);
          if (seen.length === 2 && signal !== undefined) controller.abort();
        }
        return seen;
      };
      const bySignal = read(first, [], controller.signal);
      const byClose = read(since, seenByClose);
      const third = await t.publishInTurn(noted, {}, bus);
      expect(await bySignal).toEqual([second, third]);
      const caughtUp = bus.waitFor({ on: noted, where: { metadata: { correlationId: [t.flow] } } }, { since: second });
      expect(await caughtUp).toEqual(third);
      await t.eventually("the other tail has read as far", () => seenByClose.length === 2);
      await bus.close();
      expect(await byClose).toEqual([second, third]);
    },
  },
  {
    title: "tail by since and until: it goes by when an event was accepted, whatever the event says of its time",
    run: async (t) => {
      const first = await t.publishInTurn(noted);
      const since = await t.tick();
      const wanted = await t.publishInTurn(noted, { time: "2001-01-01T00:00:00Z" });
      const until = await t.tick();
      const late = await t.publishInTurn(noted, { time: "2001-01-01T00:00:00Z" });
      const seen: Event[] = [];
      const controller = new AbortController();
      const options = { since: first, signal: controller.signal };
      const bounded = (async () => {
        const tail = t.bus.history.tail({ correlationId: t.flow, since, until }, options);
        for await (const event of tail) seen.push(event);
      })();
      for await (const event of t.bus.history.tail({ correlationId: t.flow, since: until }, options)) {
        expect(event).toEqual(late);
        break;
      }
      await t.eventually("the first tail has read as far", () => seen.length > 0);
      controller.abort();
      await bounded;
      expect(seen).toEqual([wanted]);
    },
  },
];
