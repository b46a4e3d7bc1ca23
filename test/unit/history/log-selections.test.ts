import fc from "fast-check";
import { expect, test } from "vitest";
import { standardCatalog } from "../../../lib/catalog/index.ts";
import { selectionMatcher } from "../../../lib/engine/log-selection.ts";
import { createCollector } from "../../../lib/history/collector.ts";
import { historyFilter } from "../../../lib/history/history-filter.ts";
import { SharedSelections, selectionOf, selectionOfQuery } from "../../../lib/history/log-selections.ts";
import { anEvent } from "../../support/an-event.ts";

const type = fc.constantFrom("task.created", "task.failed", "agent.started");
const source = fc.constantFrom("a", "b");
const flow = fc.constantFrom("f-1", "f-2");
const anyEvent = fc
  .record({ type, source, flow, n: fc.nat(2) })
  .map(({ flow: correlationId, n, ...event }) => anEvent({ ...event, data: { n }, metadata: { correlationId } }));
const list = <Value>(value: fc.Arbitrary<Value>) => fc.array(value, { minLength: 1, maxLength: 2 });
const where = fc.record(
  {
    source: fc.oneof(list(source), fc.constant([{ prefix: "a" }]), fc.constant(["a", { prefix: "b" }])),
    metadata: fc.record({ correlationId: fc.oneof(list(flow), fc.constant([{ "anything-but": "f-1" }])) }),
    data: fc.constant({ n: [0, 1] }),
  },
  { requiredKeys: [] },
);
const types = list(fc.oneof(type, fc.constantFrom("task.*", "*.failed", "*")));
const headOf = ({ type, source, metadata }: ReturnType<typeof anEvent>) => ({
  type,
  source,
  flow: metadata.correlationId,
});

test("what a matcher or a query wants is selected, by one reader or by several together", () => {
  fc.assert(
    fc.property(anyEvent, types, where, (event, on, pattern) => {
      const matcher = { types: on, where: Object.keys(pattern).length === 0 ? undefined : pattern };
      const collector = createCollector(standardCatalog, { form: "one", matchers: [matcher], count: 1 });
      const selection = selectionOf(on, pattern);
      const isWanted = collector.add(event) !== undefined;
      if (isWanted) expect(selectionMatcher([selection])(headOf(event))).toBe(true);
      const shared = new SharedSelections();
      shared.add([selectionOf(["nothing"], { source: ["nobody"] })]);
      shared.add([selection]);
      if (isWanted) expect(selectionMatcher(shared.union())(headOf(event))).toBe(true);
    }),
  );
  const query = fc.record({ type: fc.oneof(type, types), source, correlationId: flow }, { requiredKeys: [] });
  fc.assert(
    fc.property(anyEvent, query, (event, filter) => {
      const isSelected = selectionMatcher([selectionOfQuery(filter)])(headOf(event));
      // These three are all that such a query asks for.
      expect(isSelected).toBe(historyFilter(filter)(event, 0));
    }),
  );
});

test("who wants everything is given everything, until it ends", () => {
  const shared = new SharedSelections();
  const selection = { types: ["a"] };
  const [one, other] = [shared.add([selection]), shared.add([selection])];
  expect(shared.union()).toEqual([selection]);
  one();
  expect(shared.union()).toEqual([selection]);
  const [all, star] = [shared.add(undefined), shared.add([selectionOf(["a", "*"], undefined)])];
  expect(shared.union()).toBeUndefined();
  all();
  expect(shared.union()).toBeUndefined();
  star();
  expect(shared.union()).toEqual([selection]);
  other();
  expect(shared.union()).toEqual([]);
});
