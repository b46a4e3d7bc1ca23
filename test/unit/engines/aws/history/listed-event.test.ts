import fc from "fast-check";
import { expect, test } from "vitest";
import { acceptanceKey } from "../../../../../lib/engines/aws/history/keys.ts";
import { decodeEntry, encodeEntry } from "../../../../../lib/engines/aws/history/listed-event.ts";
import { createIds } from "../../../../../lib/event/id.ts";

const now = Date.UTC(2026, 0, 10);
const own = createIds({ now: () => now })();
/** Printable ASCII, as ids are; some look like what packing makes of an id. */
const id = fc.oneof(
  fc.uuid(),
  fc.uuid({ version: 7 }),
  fc.constant(own),
  fc.stringMatching(/^[ -~]{1,40}$/),
  fc.stringMatching(/^[\w-]{22}$/),
  fc.stringMatching(/^={1,3}[\w-]{22}$/),
);
const name = fc.string({ unit: "grapheme", maxLength: 30 });

test("an entry of the log comes back as it was written, whatever ids and names it has", () => {
  fc.assert(
    fc.property(
      id,
      fc.nat(2_000_000_000_000),
      name,
      name,
      id,
      fc.boolean(),
      (eventId, at, type, source, flow, isOwn) => {
        const key = isOwn ? acceptanceKey(now, own) : acceptanceKey(at, eventId);
        const head = { type, source, flow: isOwn ? own : flow };
        // Waggle lets no control character into a name; what has one is read as any event may be that is wanted.
        const isClean = !`${type}${source}${head.flow}`.includes("\t");
        expect(decodeEntry(encodeEntry({ key, head }))).toEqual(isClean ? { key, head } : { key });
        expect(decodeEntry(encodeEntry({ key }))).toEqual({ key });
      },
    ),
    { numRuns: 1_000 },
  );
});

test("what an older version wrote is read without its type, source and flow", () => {
  for (const key of [acceptanceKey(now, own), acceptanceKey(now, "an id of the caller's own")]) {
    expect(decodeEntry(key)).toEqual({ key });
  }
});

test("an entry of usual names takes 85 bytes at most", () => {
  const nextId = createIds({ now: () => now });
  const head = { type: "agent.task.completed", source: "service-1", flow: nextId() };
  expect(encodeEntry({ key: acceptanceKey(now, nextId() && own), head }).length).toBeLessThan(85);
});
