import { expect, test } from "vitest";
import { redrive } from "../../../../lib/dead-letters/redrive.ts";
import type { DeadLetter } from "../../../../lib/engine/delivery.ts";
import { MemoryEngine } from "../../../../lib/engines/memory/index.ts";
import { createCatalog } from "../../../../lib/event/catalog.ts";
import { createIds } from "../../../../lib/event/id.ts";
import { ManualClock } from "../../../../lib/testing/manual-clock.ts";
import { aRecord } from "../../../support/a-record.ts";
import { anEvent } from "../../../support/an-event.ts";

const reason = { code: "handler_error", message: "it failed", at: "2026-01-01T00:00:00.000Z", attempt: 1 } as const;
const deadLetter: DeadLetter = {
  id: "d1",
  subscription: "one",
  event: anEvent({ id: "a" }),
  reason,
  attempts: 1,
  failures: [reason],
  acceptedAt: reason.at,
  deadAt: reason.at,
};
const catalog = createCatalog({});

async function engineWith(...names: string[]): Promise<MemoryEngine> {
  const clock = new ManualClock();
  const engine = new MemoryEngine({ clock, nextId: createIds({ now: clock.now }) });
  for (const name of names) await engine.subscriptions.put(aRecord({ name }), { ephemeral: false });
  await engine.deadLetters.put(deadLetter);
  return engine;
}

test("of two redrives of one dead letter at once, one queues its delivery and the other finds it gone", async () => {
  const engine = await engineWith("one");
  const results = await Promise.allSettled([redrive(engine, catalog, "d1"), redrive(engine, catalog, "d1")]);
  expect(results).toMatchObject([
    { status: "fulfilled" },
    { status: "rejected", reason: { code: "not_found", message: expect.stringContaining("no dead letter d1") } },
  ]);
  expect(await engine.subscriptions.get("one")).toMatchObject({ waiting: 1 });
});

test("where its subscription is gone, the dead letter stays and the error says so", async () => {
  const engine = await engineWith();
  await expect(redrive(engine, catalog, "d1")).rejects.toMatchObject({
    code: "conflict",
    message: expect.stringContaining("failed in subscription one, which was deleted"),
  });
  expect(await engine.deadLetters.get("d1")).toEqual(deadLetter);
});
