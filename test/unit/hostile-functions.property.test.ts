import { types } from "node:util";
import * as fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import * as wagglebus from "../../lib/index.ts";
import { testBus } from "../../lib/testing/index.ts";
import { hostileArgument } from "../support/hostile-arguments.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

const { BusError, createCatalog, defineEvent } = wagglebus;
const catalog = createCatalog([]);

/** Constructors, and what takes any value by design. */
const others = ["BusError", "NonRetriableError", "RetryAfterError", "busErrorCodes", "eventIdNames", "maxEventBytes"];
/** They open a file in the current folder where they are given nothing, so that each is given something. */
const opening = ["connect", "initBus", "getBus"];
const functions: Record<string, (...args: never[]) => unknown> = {
  ...Object.fromEntries(
    Object.entries(wagglebus).flatMap(([name, value]) =>
      typeof value === "function" && !others.includes(name) && !opening.includes(name) ? [[name, value]] : [],
    ),
  ),
  "catalog.extend": catalog.extend,
  "catalog.get": catalog.get,
  "catalog.jsonSchema": catalog.jsonSchema,
  "catalog.resolve": catalog.resolve,
  "catalog.types": catalog.types,
  "catalog.upcast": catalog.upcast,
  "defineEvent of a type": (...args) => Reflect.apply(defineEvent, undefined, ["order.placed", ...args]),
  testBus,
};

test("every function of the main entry is called", () => {
  const all = Object.keys(wagglebus).filter((name) => !others.includes(name) && !opening.includes(name));
  expect(Object.keys(functions)).toEqual(expect.arrayContaining(all));
  expect(
    Object.keys(functions)
      .filter((name) => name.startsWith("catalog."))
      .sort(),
  ).toEqual(
    Object.keys(catalog)
      .filter((name) => name !== "open")
      .map((name) => `catalog.${name}`)
      .sort(),
  );
});

test.each(Object.keys(functions))("%s gives a BusError for whatever is no argument of it", async (name) => {
  await fc.assert(
    fc.asyncProperty(fc.array(hostileArgument, { maxLength: 3 }), async (made) => {
      const error = await thrownBy(
        functions[name],
        made.map((make) => make()),
      );
      if (error !== undefined) expect(error).toBeInstanceOf(BusError);
    }),
    { numRuns: 400 },
  );
});

test("connect gives a BusError for whatever is no argument of it", async () => {
  const { path, remove } = await temporaryDirectory();
  const folder = process.cwd();
  process.chdir(path);
  onTestFinished(async () => {
    process.chdir(folder);
    await remove();
  });
  await fc.assert(
    fc.asyncProperty(hostileArgument, async (make) => {
      const error = await thrownBy(async (options: never) => (await wagglebus.connect(options)).close(), [make()]);
      if (error !== undefined) expect(error).toBeInstanceOf(BusError);
    }),
    { numRuns: 200 },
  );
});

async function thrownBy(call: ((...args: never[]) => unknown) | undefined, args: readonly unknown[]): Promise<unknown> {
  try {
    const result: unknown = Reflect.apply(call ?? expect.fail, undefined, args);
    // What is given back as it is may have a `then` of its own.
    if (types.isPromise(result)) await result;
    return undefined;
  } catch (thrown) {
    return thrown;
  }
}
