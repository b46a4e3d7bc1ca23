import { expect } from "vitest";
import { type ConnectOptions, openBusOnEngine } from "../../lib/connect/index.ts";

/** Whether an engine keeps documents as its port promises; a durable one beyond its own end. */
export async function expectDocumentsKept(options: ConnectOptions): Promise<void> {
  const { bus, engine } = await openBusOnEngine({ ...options, source: "test" });
  const { documents } = engine;
  if (documents === undefined) throw new Error("it keeps none");
  const first = { list: [1, { a: "ü" }] };
  await documents.put("b/2", { n: 2 });
  await documents.put("b/1", first);
  await documents.put("a%_/1", { n: 3 });
  first.list.push(2);
  await documents.put("b/2", { n: 4 });
  expect(await documents.get("b/1")).toEqual({ list: [1, { a: "ü" }] });
  expect(await documents.get("b")).toBeUndefined();
  expect(await documents.list("b/")).toEqual([
    { name: "b/1", document: { list: [1, { a: "ü" }] } },
    { name: "b/2", document: { n: 4 } },
  ]);
  expect(await documents.list("a%")).toHaveLength(1);
  expect(await documents.list("%")).toEqual([]);
  expect([await documents.delete("b/1"), await documents.delete("b/1")]).toEqual([true, false]);
  await bus.close();
  if (!engine.capabilities.has("durable")) return;
  const again = await openBusOnEngine({ ...options, source: "test" });
  expect(await again.engine.documents?.get("b/2")).toEqual({ n: 4 });
  await again.bus.close();
}
