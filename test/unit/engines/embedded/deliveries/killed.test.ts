import { expect, test } from "vitest";
import { forkWorker } from "../../../../../lib/engine/contract/index.ts";
import { Bench, TestConsumer } from "../bench.ts";

const program = new URL("./killed-process.ts", import.meta.url);

test("what a killed process has delayed, or given back for a time, comes when it is due: to one that ran, or comes later", async () => {
  for (const opened of ["before", "after"] as const) {
    const bench = await Bench.make();
    const worker = await forkWorker(program, [bench.file]);
    const open = async () => new TestConsumer(await bench.open(), "one");
    const before = opened === "before" ? await open() : undefined;
    await worker.kill();
    const consumer = before ?? (await open());
    await bench.clock.advance(59_999);
    expect(consumer.seen).toEqual([]);
    await bench.clock.advance(1);
    expect((await consumer.ids(2)).toSorted()).toEqual(["delayed", "throttled"]);
    for (const delivery of consumer.held) expect(delivery).toMatchObject({ attempt: 1, failures: [] });
    for (const delivery of [...consumer.held]) await consumer.settle({ kind: "done" }, delivery);
    expect(await consumer.ids(1)).toEqual(["d behind it"]);
    expect(bench.wrongDepths()).toEqual([]);
  }
});
