import { expect, test } from "vitest";
import { BusError } from "../../../lib/error/bus-error.ts";
import { ChangeWatch } from "../../../lib/history/change-watch.ts";
import type { Flow } from "../../../lib/history/flow.ts";
import { type SettledOptions, settled } from "../../../lib/history/settled.ts";
import { ManualClock, turn } from "../../../lib/testing/manual-clock.ts";
import { aRecord } from "../../support/a-record.ts";
import { anEvent } from "../../support/an-event.ts";
import { FakeEngine, type FakeEngineOptions } from "../../support/fake-engine.ts";

const down = new BusError("unavailable", "the store is down");

async function settling(options: FakeEngineOptions = {}) {
  const clock = new ManualClock();
  const engine = new FakeEngine({ clock, ...options });
  await engine.subscriptions.put(aRecord(), { ephemeral: false });
  const closing = new AbortController();
  const dependencies = { engine, changes: new ChangeWatch(engine, clock), clock, closing: closing.signal };
  const wait = (flow = "flow", given?: SettledOptions): Promise<Flow> => {
    const result = settled(dependencies, flow, given);
    result.catch(() => {});
    return result;
  };
  const append = (id: string) => {
    const event = anEvent({ id, metadata: { correlationId: "flow" } });
    void engine.log.append({ event, ownId: false, history: true, inHandler: false });
  };
  /** Takes what there is, and has it succeed. */
  const finish = async () => {
    const consumption = engine.deliveries.consume("one", {
      capacity: () => 100,
      deliver: (delivery) => void engine.deliveries.settle(delivery, { kind: "done" }),
      expired: () => {},
    });
    consumption.wake();
    await turn();
    consumption.stop();
  };
  return { clock, engine, closing, wait, append, finish };
}

/** Whether a wait has ended. */
async function ended(wait: Promise<unknown>): Promise<boolean> {
  await turn();
  const nothing = Symbol();
  return (await Promise.race([wait.catch(() => undefined), Promise.resolve(nothing)])) !== nothing;
}

test("it ends when nothing is under way any more, and what is under way is asked for at each change", async () => {
  const { engine, wait, append, finish } = await settling();
  append("a");
  const result = wait();
  expect(await ended(result)).toBe(false);
  append("b");
  expect(await ended(result)).toBe(false);
  await finish();
  expect(await result).toMatchObject({ id: "flow", size: 2, status: "completed" });
  expect(engine.watchers).toBe(0);
});

test("what ends while the engine still tells what was under way is not missed", async () => {
  const { engine, wait, append, finish } = await settling();
  append("a");
  const hold = engine.hold("deliveries.pending");
  const result = wait();
  await turn();
  await finish();
  hold.end();
  hold.calls[0]?.release();
  expect(await result).toMatchObject({ status: "completed" });
});

test("changes that are notified late are seen late", async () => {
  const { engine, wait, append, finish } = await settling();
  append("a");
  const result = wait();
  await turn();
  engine.muteChanges();
  await finish();
  expect(await ended(result)).toBe(false);
  engine.tellChanges();
  expect(await result).toMatchObject({ status: "completed" });
});

test("an engine that cannot tell what is under way rejects the wait, at first and later", async () => {
  const { engine, wait, append } = await settling();
  append("a");
  engine.fail("deliveries.pending", down);
  await expect(wait()).rejects.toBe(down);
  const result = wait();
  await turn();
  engine.fail("deliveries.pending", down);
  append("b");
  await expect(result).rejects.toBe(down);
  expect(engine.watchers).toBe(0);
});

test("on timeout it says what is under way, at most three by name", async () => {
  const { clock, engine, wait, append } = await settling();
  for (const id of ["a", "b", "c", "d"]) append(id);
  const result = wait("flow", { timeout: "5s" });
  await clock.advance("5s");
  const error: unknown = await result.catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({
    code: "timeout",
    message: expect.stringMatching(/flow was not settled within 5000 ms: 4 pending, .*; give a longer `timeout`$/),
    details: { correlationId: "flow", timeoutMs: 5_000, pending: { length: 4 } },
  });
  expect(String(error).match(/task\.created in one \(waiting\)/g)).toHaveLength(3);
  expect(engine.watchers).toBe(0);
});

test("timeout 0 asks once", async () => {
  const { engine, wait, append } = await settling();
  append("a");
  await turn();
  await expect(wait("flow", { timeout: 0 })).rejects.toMatchObject({ code: "timeout" });
  expect(engine.calls("deliveries.pending")).toHaveLength(1);
});

test("a bus on which something changes all the time is no reason to wait longer, or not to be ended", async () => {
  let asked = 0;
  const busy = async (each: () => void) => {
    const { clock, engine, wait, append, closing } = await settling({
      onCall: (method) => {
        if (method !== "deliveries.pending") return;
        asked += 1;
        clock.set(clock.now() + 100);
        engine.tellChanges();
        // What does not end would keep the process from all else.
        if (asked > 1_000) engine.fail("deliveries.pending", new Error("asked again and again"));
        if (asked === 20) each();
      },
    });
    append("a");
    asked = 0;
    return { wait, closing };
  };
  const { wait: timed } = await busy(() => {});
  await expect(timed("flow", { timeout: "5s" })).rejects.toMatchObject({ code: "timeout" });
  expect(asked).toBe(50);
  const controller = new AbortController();
  const { wait: aborted } = await busy(() => controller.abort());
  await expect(aborted("flow", { signal: controller.signal })).rejects.toMatchObject({ code: "aborted" });
  const { wait: closed, closing } = await busy(() => closing.abort());
  await expect(closed()).rejects.toMatchObject({ code: "closed" });
});

test("its signal and the closing of the bus end it", async () => {
  const { closing, engine, wait, append } = await settling();
  append("a");
  const controller = new AbortController();
  const aborted = wait("flow", { signal: controller.signal });
  const closed = wait();
  await turn();
  controller.abort(new Error("not needed"));
  await expect(aborted).rejects.toMatchObject({ code: "aborted", cause: new Error("not needed") });
  closing.abort();
  await expect(closed).rejects.toMatchObject({ code: "closed" });
  expect(engine.watchers).toBe(0);
});

test("a flow that is not there is not found; what cannot be read rejects", async () => {
  const { engine, wait } = await settling();
  await expect(wait("no-such-flow")).rejects.toMatchObject({ code: "not_found" });
  engine.fail("log.flow", down);
  await expect(wait()).rejects.toBe(down);
  expect(engine.watchers).toBe(0);
});

test("an engine without pending deliveries is refused by name", async () => {
  const { wait } = await settling({ without: ["deliveries.pending"] });
  await expect(wait()).rejects.toMatchObject({ code: "invalid_config", message: expect.stringContaining("fake") });
});

test("a misspelt option is refused", async () => {
  const { wait } = await settling();
  const misspelt: object = { timeOut: "5s" };
  await expect(wait("flow", misspelt)).rejects.toMatchObject({ code: "invalid_config" });
});
