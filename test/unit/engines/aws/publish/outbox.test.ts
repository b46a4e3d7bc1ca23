import { expect, test } from "vitest";
import { Outbox, type Pending } from "../../../../../lib/engines/aws/publish/outbox.ts";

type Item = Pending<string, string>;

/** An outbox whose requests take 100 bytes; what each entry has is said as it is made. */
function filled(items: Readonly<Record<string, number>>, unfit: readonly string[] = []) {
  const outbox = new Outbox<string, string>(100);
  for (const item of Object.keys(items)) outbox.add(item, item.startsWith("urgent"), 0);
  const ready = (pending: Item) => {
    pending.bytes = items[pending.item] ?? 0;
    return !unfit.includes(pending.item);
  };
  return { outbox, next: () => outbox.next(ready) };
}
const namesOf = (batch: readonly Item[]) => batch.map(({ item }) => item);

test("what was sent before goes first, then what is urgent, then the others, each in the order in which it came", () => {
  const { outbox, next } = filled({ a: 1, urgent1: 1, b: 1, urgent2: 1 });
  const [first, second, ...rest] = next();
  if (first === undefined || second === undefined) throw new Error("nothing was taken out");
  expect(namesOf([first, second, ...rest])).toEqual(["urgent1", "urgent2", "a", "b"]);
  outbox.add("c", false, 0);
  outbox.add("urgent3", true, 0);
  outbox.again([first, second]);
  expect(outbox.size).toBe(4);
  expect(namesOf(next())).toEqual(["urgent1", "urgent2", "urgent3", "c"]);
  expect(outbox.size).toBe(0);
});

test("what no longer fits goes next, before what came after it", () => {
  const { next } = filled({ a: 60, b: 50, c: 40, d: 10 });
  expect(namesOf(next())).toEqual(["a", "c"]);
  expect(namesOf(next())).toEqual(["b", "d"]);
});

test("of many that were sent before, those that do not fit go before those behind them", () => {
  const bytes = Object.fromEntries(Array.from({ length: 15 }, (_, index) => [`sent ${index}`, 60]));
  const { outbox, next } = filled(bytes);
  const sent = Array.from({ length: 15 }, () => next()[0]).filter((pending) => pending !== undefined);
  outbox.again(sent);
  expect(sent.flatMap(() => namesOf(next()))).toEqual(Object.keys(bytes));
});

test("one that has to go alone is neither joined nor joins", () => {
  const { outbox, next } = filled({ a: 1, b: 1, c: 1 });
  const [a, b, c] = next();
  if (a === undefined || b === undefined || c === undefined) throw new Error("three were to be taken out");
  b.alone = true;
  outbox.again([a, b, c]);
  expect([next(), next(), next()].map(namesOf)).toEqual([["a", "c"], ["b"], []]);
  outbox.again([b, a, c]);
  expect([next(), next(), next()].map(namesOf)).toEqual([["b"], ["a", "c"], []]);
});

test("what is not ready is out, even where nothing is left for the batch", () => {
  const { outbox, next } = filled({ a: 1, b: 1 }, ["a", "b"]);
  expect(next()).toEqual([]);
  expect(outbox.size).toBe(0);
});
