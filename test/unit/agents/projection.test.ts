import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { type ProjectOptions, project, stateAt, stateChange } from "../../../lib/agents/index.ts";
import { connect } from "../../../lib/connect/index.ts";
import type { Event } from "../../../lib/event/event.ts";
import { testBus } from "../../../lib/testing/index.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

/** The names of the events so far, in order. */
const names: ProjectOptions<readonly string[]> = {
  of: { type: "custom.named" },
  initial: [],
  reduce: (state, { data }: Event) => [...state, (data as { name: string }).name],
};

test("a projection knows the past, and follows what comes", async () => {
  const bus = testBus();
  await bus.publish({ type: "custom.named", data: { name: "a" } });
  await bus.publish({ type: "custom.other", data: { name: "no" } });
  using projection = await project(bus, names);
  expect(projection.state).toEqual(["a"]);
  await bus.publish({ type: "custom.named", data: { name: "b" } });
  expect(await projection.until((state) => state.length === 2)).toEqual(["a", "b"]);
});

test("a publish by a projection gives the state just after it, on every bus the same", async () => {
  const { path, remove } = await temporaryDirectory();
  onTestFinished(remove);
  const file = join(path, "bus.db");
  const buses = await Promise.all([1, 2, 3].map(() => connect({ engine: "embedded", file, source: "test" })));
  onTestFinished(async () => void (await Promise.all(buses.map((bus) => bus.close()))));
  const projections = await Promise.all(buses.map((bus) => project(bus, names)));
  const drafts = projections.flatMap((projection, of) =>
    Array.from({ length: 20 }, (_, index) => ({ projection, name: `${of}-${index}` })),
  );
  const found = await Promise.all(
    drafts.map(async ({ projection, name }) => {
      const state = await projection.publish({ type: "custom.named", data: { name } });
      return { name, state };
    }),
  );
  const [first] = projections;
  const all = await first?.until((state) => state.length === drafts.length);
  for (const { name, state } of found) {
    expect(state.at(-1)).toBe(name);
    expect(all?.slice(0, state.length)).toEqual(state);
  }
});

test("what the past was, and what changed it", async () => {
  const bus = testBus();
  await bus.publish({ type: "custom.named", data: { name: "a" } });
  await bus.clock.advance("1m");
  const between = new Date(bus.clock.now());
  const { id } = await bus.publish({ type: "custom.named", data: { name: "b" } });
  await bus.clock.advance("1m");
  const later = new Date(bus.clock.now());
  await bus.publish({ type: "custom.named", data: { name: "c" } });
  expect(await stateAt(bus, names, between)).toEqual(["a"]);
  expect(await stateAt(bus, names, later)).toEqual(["a", "b"]);
  const change = await stateChange(bus, names, { since: between, until: later });
  expect(change).toMatchObject({ before: ["a"], after: ["a", "b"], events: [{ id }] });
});

test("what the reducer throws ends every wait, and is thrown by the state", async () => {
  const bus = testBus();
  using projection = await project<number>(bus, {
    of: { type: "custom.named" },
    initial: 0,
    reduce: () => {
      throw new TypeError("no name");
    },
  });
  const waits = projection.until((state) => state > 0);
  waits.catch(() => {});
  await expect(projection.publish({ type: "custom.named", data: {} })).rejects.toThrow("no name");
  await expect(waits).rejects.toThrow("no name");
  expect(() => projection.state).toThrow("no name");
});

test("a wait ends with its time, its signal or the projection; what is closed refuses", async () => {
  const bus = testBus();
  const projection = await project(bus, names);
  const late = projection.until(() => false, { timeout: "5s" });
  const controller = new AbortController();
  const aborted = projection.until(() => false, { signal: controller.signal });
  const closed = projection.until(() => false);
  const all = Promise.allSettled([late, aborted, closed]);
  controller.abort();
  await bus.clock.advance("5s");
  projection.close();
  const codes = (await all).map((one) => one.status === "rejected" && one.reason.code);
  expect(codes).toEqual(["timeout", "aborted", "closed"]);
  await expect(projection.publish({ type: "custom.named", data: {} })).rejects.toMatchObject({ code: "closed" });
  expect(bus.published).toEqual([]);
});

test("a publish that is refused is not waited for", async () => {
  const bus = testBus();
  using projection = await project(bus, names);
  await expect(projection.publish({ type: "nothing.known", data: {} })).rejects.toMatchObject({ code: "unknown_type" });
});

test("what is not a bus is refused by name", async () => {
  await expect(project({} as never, names)).rejects.toMatchObject({
    code: "invalid_config",
    message: expect.stringContaining("project: the first argument must be a bus"),
  });
});
