import { expect } from "vitest";
import type { ContractCase } from "../case.ts";
import { RandomJson } from "../random-json.ts";

function nested(depth: number): unknown {
  let value: unknown = "the bottom";
  for (let level = 0; level < depth; level += 1) value = level % 2 === 0 ? [value] : { deeper: value };
  return value;
}

/** Data that a careless store, wire or copy changes. */
const delicate: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  empty: {},
  unicode: { text: "Grüße, 你好, שלום, é é, 👩‍👩‍👧‍👦 🏴‍☠️, \u{10ffff}" },
  "control characters": { text: Array.from({ length: 160 }, (_, code) => String.fromCharCode(code)).join("") },
  "line ends": { text: "a\r\nb\rc\nd\u2028e\u2029f\u0085g", "key\nwith\tthem": true },
  quotes: { text: `"double" 'single' \`back\` \\ \\\\ \\" \\u0041 %s $1 --;`, "": "an empty key", "a.b": 1, "$.c": 2 },
  numbers: { all: [0, 1, -1, 0.1, 1e-7, 1.5e-300, 5e-324, 123456.789, 9007199254740991, -9007199254740991] },
  "large numbers": { all: [6e18, -123456789012345e6, 1e21, -1.5e22, 1e300, 1.7976931348623157e308] },
  constants: { all: [null, true, false, "", [], {}, [[]], [{}], { a: null }] },
  "names of methods": { constructor: 1, toString: "2", hasOwnProperty: [3], length: 4, valueOf: "5", toJSON: "6" },
  "like other types": {
    date: "2026-01-01T00:00:00.000Z",
    number: "1",
    null: "null",
    id: "00000000-0000-7000-8000-000000000000",
  },
  "much text": { text: "Wörter 🐝 ".repeat(20_000) },
  "long list": { list: Array.from({ length: 20_000 }, (_, index) => index) },
  "many keys": Object.fromEntries(Array.from({ length: 2_000 }, (_, index) => [`key ${index}`, index])),
  deep: { deep: nested(900) },
};

export const fidelityCases: readonly ContractCase[] = [
  {
    title: "data arrives and is kept exactly as it was published",
    run: async (t) => {
      await t.consume("faithful");
      const published = new Map<string, unknown>();
      for (const [name, data] of Object.entries(delicate)) {
        const event = await t.publish("custom.contract.faithful", { data });
        expect(event.data, name).toEqual(data);
        published.set(event.id, event);
      }
      const reports = await t.quiet({ phase: "started" });
      expect(reports).toHaveLength(published.size);
      for (const { eventId, event } of reports) {
        expect(event).toEqual(published.get(eventId));
        expect(JSON.stringify(event?.data)).toBe(JSON.stringify(Object(published.get(eventId)).data));
        expect(await t.bus.history.get(eventId)).toEqual(published.get(eventId));
      }
    },
  },
  {
    title: "so does any other JSON",
    run: async (t) => {
      await t.consume("faithful");
      const random = new RandomJson(42);
      const samples = Array.from({ length: 200 }, () => random.object());
      const results = await t.bus.publishAll(
        samples.map((data) => ({ type: "custom.contract.faithful", data, metadata: { correlationId: t.flow } })),
      );
      const byId = new Map<string, unknown>();
      for (const [index, result] of results.entries()) {
        if (!result.ok) throw result.error;
        byId.set(result.event.id, samples[index]);
      }
      const reports = await t.quiet({ phase: "started" });
      expect(reports).toHaveLength(samples.length);
      for (const { eventId, event } of reports) expect(event?.data).toEqual(byId.get(eventId));
      const { events } = await t.bus.history.query({ correlationId: t.flow, limit: 1_000 });
      for (const event of events) expect(event.data).toEqual(byId.get(event.id));
    },
  },
  {
    title: "what one handler does to its event, no other sees",
    run: async (t) => {
      const errors: unknown[] = [];
      await t.bus.subscribe({ on: "custom.contract.seen_by_another", attempts: 1 }, (event) => {
        for (const change of [
          () => Object.assign(Object(event), { source: "changed" }),
          () => Object.assign(Object(event.data), { added: true }),
          () => Object(event.data).list.push("changed"),
          () => Object.assign(Object(event.metadata), { priority: 1 }),
        ]) {
          try {
            change();
          } catch (thrown) {
            errors.push(thrown);
          }
        }
      });
      await t.consume("seen-by-another");
      const event = await t.publish("custom.contract.seen_by_another", { data: { list: ["kept"] } });
      const [report] = await t.quiet({ phase: "started", subscription: "seen-by-another" });
      expect(errors).toHaveLength(4);
      for (const error of errors) expect(error).toBeInstanceOf(TypeError);
      expect(report?.event).toEqual(event);
      expect(await t.bus.history.get(event.id)).toEqual(event);
    },
  },
];
