import { describe, expect, test } from "vitest";
import { fileRecorder, forkWorker } from "../../lib/engine/contract/index.ts";
import { connect } from "../../lib/index.ts";
import { eventually } from "../support/eventually.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { newPlace, noKafka } from "./support/open.ts";
import { openPlace } from "./support/open-place.ts";
import { writePlain } from "./support/plain.ts";

const worker = new URL("./contract/worker.ts", import.meta.url);
const type = "custom.contract.handled";

describe.skipIf(noKafka)("a process that stands still for longer than its session", () => {
  test("is overtaken as a recorder, and what it had fetched by then is recorded and handled once when it goes on", {
    timeout: 180_000,
  }, async () => {
    const { path, remove } = await temporaryDirectory();
    const { name, where } = newPlace(path, "freeze");
    const recorder = fileRecorder(path);
    const metadata = { correlationId: "flow-1" };
    const handled = async () => (await recorder.reports("flow-1")).filter(({ phase }) => phase === "done");
    const frozen = await forkWorker(worker, [path, where, "handled"]);
    const first = { event_id: "first", event_type: type, source_service: "plain", payload: {} };
    await writePlain([
      { topic: name, key: "flow-1", value: JSON.stringify({ ...first, metadata: { correlation_id: "flow-1" } }) },
    ]);
    // It has all partitions, and waits for news of them.
    await eventually("the first is handled", async () => (await handled()).length === 1, 30_000);
    const bus = await connect({ engine: openPlace(where), source: "test" });
    // It is frozen at rest: within a transaction it would keep the file of the store from everybody.
    await eventually("it is at rest", async () => {
      const state = await bus.subscriptions.get("handled");
      return state?.running === 0 && state.waiting === 0;
    });
    await frozen.freeze();

    const published = await bus.publishAll(Array.from({ length: 20 }, () => ({ type, data: {}, metadata }) as const));
    expect(published.every(({ ok }) => ok)).toBe(true);
    // The answer to its last fetch lies in the sockets of the frozen one; the group gives its partitions to this process.
    const { events } = await bus.history.query({ correlationId: "flow-1" });
    expect(events).toHaveLength(21);

    frozen.thaw();
    await bus.settled("flow-1", { timeout: "30s" });
    const ids = (await handled()).map(({ eventId }) => eventId);
    expect(ids.toSorted()).toEqual(events.map(({ id }) => id).toSorted());
    expect((await bus.history.query({ correlationId: "flow-1" })).events).toHaveLength(21);
    await bus.close();
    await frozen.kill();
    await remove();
  });
});
