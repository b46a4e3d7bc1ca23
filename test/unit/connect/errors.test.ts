import { expect, test } from "vitest";
import { connect } from "../../../lib/connect/index.ts";
import type { Engine, EngineContext } from "../../../lib/engine/engine.ts";
import { MemoryEngine } from "../../../lib/engines/memory/index.ts";
import { BusError } from "../../../lib/error/bus-error.ts";
import { eventually } from "../../support/eventually.ts";

test("an error that loses the ends of many attempts at once is told once", async () => {
  const lost = new BusError("unavailable", "the ends of 3 attempts could not be written", {
    details: { unwritten: 3 },
  });
  const told: BusError[] = [];
  let ended = 0;
  const engine = ({ clock, nextId }: EngineContext): Engine => {
    const memory = new MemoryEngine({ clock, nextId });
    memory.deliveries.settle = () => {
      ended += 1;
      return Promise.reject(lost);
    };
    return memory;
  };
  const bus = await connect({ engine, source: "test", onError: (error) => told.push(error) });
  for (const name of ["one", "two", "three"]) await bus.subscribe({ name, on: "task.created" }, () => {});
  await bus.emit.task.created({ taskId: "a" });
  await eventually("all have ended", () => ended === 3);
  await bus.close();
  expect(told).toEqual([lost]);
});
