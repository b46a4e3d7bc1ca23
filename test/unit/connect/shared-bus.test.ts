import { afterEach, expect, test } from "vitest";
import { connect } from "../../../lib/connect/index.ts";
import { provideBus, providedBus } from "../../../lib/connect/provided-bus.ts";
import { getBus, initBus } from "../../../lib/connect/shared-bus.ts";

const memory = { engine: "memory", source: "test" } as const;

afterEach(async () => {
  const bus = await getBus().catch(() => undefined);
  await bus?.close();
});

test("initBus opens the bus that getBus returns", async () => {
  const bus = await initBus(memory);
  expect(await getBus()).toBe(bus);
});

test("concurrent callers get the same bus", async () => {
  const opening = initBus(memory);
  const [one, other] = await Promise.all([getBus(), getBus()]);
  expect(one).toBe(other);
  expect(await opening).toBe(one);
});

test("a second initBus is a conflict, even while the first is still opening", async () => {
  const opening = initBus(memory);
  await expect(initBus(memory)).rejects.toMatchObject({ code: "conflict" });
  await opening;
  await expect(initBus(memory)).rejects.toMatchObject({ code: "conflict" });
});

test("a bus that could not be opened does not block the next attempt", async () => {
  const wrong: object = { engine: "nothing" };
  await expect(initBus(wrong)).rejects.toMatchObject({ code: "invalid_config" });
  await expect(initBus(memory)).resolves.toBeDefined();
});

test("a closed bus can be replaced, and closing it again does not affect its replacement", async () => {
  const first = await initBus(memory);
  await first.close();
  const second = await initBus(memory);
  await first.close();
  expect(await getBus()).toBe(second);
  await expect(initBus(memory)).rejects.toMatchObject({ code: "conflict" });
});

test("a bus that the process was provided with is given until that is taken back", async () => {
  const provided = await connect(memory);
  const takeBack = provideBus(async () => provided);
  expect(await getBus()).toBe(provided);
  const own = await initBus(memory);
  expect(await getBus()).toBe(own);
  await own.close();
  const other = await connect(memory);
  const takeOtherBack = provideBus(async () => other);
  takeBack();
  expect(await getBus()).toBe(other);
  takeOtherBack();
  await provided.close();
  await other.close();
  expect(providedBus()).toBeUndefined();
});
