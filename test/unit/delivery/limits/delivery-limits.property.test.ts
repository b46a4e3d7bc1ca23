import fc from "fast-check";
import { expect, test } from "vitest";
import { lasting, limited, runOut, type } from "./a-limited-bus.ts";

test("limits of all kinds: never exceeded, and everything is delivered in the end", async () => {
  const delivery = fc.record({
    key: fc.constantFrom("a", "b", undefined),
    lasts: fc.nat(40),
    priority: fc.integer({ min: 4, max: 6 }),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        limit: fc.integer({ min: 1, max: 4 }),
        per: fc.integer({ min: 1, max: 200 }),
        keyed: fc.boolean(),
        perKey: fc.integer({ min: 1, max: 3 }),
        ordered: fc.boolean(),
      }),
      fc.array(delivery, { minLength: 1, maxLength: 25 }),
      async ({ limit, per, keyed, perKey, ordered }, deliveries) => {
        const began: { key: string; at: number }[] = [];
        const running = new Map<string, number>();
        const { bus } = await limited(
          {
            throttle: { limit, per, ...(keyed ? { key: "data.key" } : {}) },
            concurrencyPerKey: { key: "data.key", limit: perKey },
            ...(ordered ? { ordered: "data.key" } : {}),
            concurrency: 5,
          },
          async (event) => {
            const { key = "", lasts } = Object(event.data);
            began.push({ key, at: bus.clock.now() });
            running.set(key, (running.get(key) ?? 0) + 1);
            if (key !== "") expect(running.get(key)).toBeLessThanOrEqual(perKey);
            await lasting(bus, lasts);
            running.set(key, (running.get(key) ?? 0) - 1);
          },
        );
        for (const [index, { key, lasts, priority }] of deliveries.entries()) {
          await bus.publish({
            type,
            data: { name: `${index}`, lasts, ...(key === undefined ? {} : { key }) },
            metadata: { priority },
          });
        }
        await runOut(bus);
        expect(await bus.metrics()).toMatchObject({ delivered: deliveries.length, failed: 0, running: 0, backlog: 0 });
        for (const key of keyed ? ["a", "b"] : [undefined]) {
          const times = began.filter((one) => key === undefined || one.key === key).map(({ at }) => at);
          for (const [index, at] of times.entries()) {
            expect((times[index + limit] ?? Number.POSITIVE_INFINITY) - at).toBeGreaterThanOrEqual(per);
          }
        }
        await bus.close();
      },
    ),
    { numRuns: 60 },
  );
});
