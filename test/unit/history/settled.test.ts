import { expect, test } from "vitest";
import { BusError } from "../../../lib/error/bus-error.ts";
import { ChangeWatch } from "../../../lib/history/change-watch.ts";
import type { Flow } from "../../../lib/history/flow.ts";
import { type SettledOptions, settled } from "../../../lib/history/settled.ts";
import type { Logger } from "../../../lib/runtime/logger.ts";
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
  const warnings: unknown[] = [];
  const ignore = () => {};
  const logger: Logger = { debug: ignore, info: ignore, warn: (_, fields) => warnings.push(fields), error: ignore };
  const dependencies = { engine, changes: new ChangeWatch(engine, clock), clock, logger, closing: closing.signal };
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
  const finish = async (most = Number.POSITIVE_INFINITY) => {
    let taken = 0;
    const consumption = engine.deliveries.consume("one", {
      capacity: () => most - taken,
      deliver: (delivery) => {
        taken += 1;
        void engine.deliveries.settle(delivery, { kind: "done" });
      },
      expired: () => {},
    });
    consumption.wake();
    await turn();
    consumption.stop();
  };
  return { clock, engine, closing, warnings, wait, append, finish };
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
    message: expect.stringMatching(/flow was not settled within 5000 ms: 4 pending, .*; no process handles one: /),
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

/** A bus on which something changes all the time, and a look takes 100 ms. `each` is called with the number of each look. */
async function busy(each: (look: number) => void = () => {}) {
  const looks: number[] = [];
  const { clock, engine, wait, append, closing } = await settling({
    onCall: (method) => {
      if (method !== "deliveries.pending") return;
      looks.push(clock.now());
      clock.set(clock.now() + 100);
      engine.tellChanges();
      each(looks.length);
    },
  });
  append("a");
  await turn();
  looks.length = 0;
  /** Waits while time goes on. */
  const ends = async (options: SettledOptions, done: Promise<unknown>[] = [wait("flow", options)]) => {
    let over = false;
    const all = Promise.all(done.map((one) => one.catch(() => {}))).then(() => {
      over = true;
    });
    while (!over) await clock.advance(10);
    await all;
    return done[0];
  };
  return { looks, ends, closing };
}

test("a bus on which something changes all the time is no reason to wait longer, or not to be ended", async () => {
  const { ends: timed } = await busy();
  await expect(timed({ timeout: "5s" })).rejects.toMatchObject({ code: "timeout" });
  const controller = new AbortController();
  const { ends: aborted } = await busy((look) => look === 20 && controller.abort());
  await expect(aborted({ signal: controller.signal })).rejects.toMatchObject({ code: "aborted" });
  const { ends: closed, closing } = await busy((look) => look === 20 && closing.abort());
  await expect(closed({})).rejects.toMatchObject({ code: "closed" });
});

test("looking takes a quarter of the time at most, however often something changes", async () => {
  const { looks, ends } = await busy();
  await expect(ends({ timeout: "8s" })).rejects.toMatchObject({ code: "timeout" });
  // The last is for the details of the error.
  expect(looks.slice(1, -2).map((at, index) => at - (looks[index] ?? 0))).toEqual(Array(19).fill(400));
});

test("a burst of a flow is read once for each change, not whole at each change", async () => {
  const { engine, wait, append, finish } = await settling();
  const answers: number[] = [];
  const { pending } = engine.memory.deliveries;
  engine.memory.deliveries.pending = async (...args) => {
    const answer = await Reflect.apply(pending, engine.memory.deliveries, args);
    answers.push(answer.length);
    return answer;
  };
  for (let n = 0; n < 3_000; n += 1) append(`event-${n}`);
  const result = wait();
  for (let n = 0; n < 3_000; n += 1) await finish(1);
  expect(await result).toMatchObject({ size: 3_000, status: "completed" });
  // 3,000 at first, then one for each of 3,000 changes: whole each time they were 4.5 million.
  expect(answers.length).toBeGreaterThan(1_000);
  expect(answers.reduce((sum, read) => sum + read, 0)).toBeLessThan(10_000);
});

test("what no process handles is said at once, with the command that deletes it", async () => {
  const { clock, engine, warnings, wait, append } = await settling();
  append("a");
  append("b");
  const result = wait("flow", { timeout: "5s" });
  await turn();
  const command = "waggle subscriptions delete one";
  expect(warnings).toEqual([{ subscription: "one", correlationId: "flow", command }]);
  append("c");
  await clock.advance("5s");
  await expect(result).rejects.toMatchObject({
    code: "timeout",
    message: expect.stringContaining(`no process handles one: subscribe to it, or delete it (${command})`),
    details: { unhandled: ["one"], commands: [command] },
  });
  expect(warnings).toHaveLength(1);
  engine.deliveries.consume("one", { capacity: () => 0, deliver: () => {}, expired: () => {} });
  await expect(wait("flow", { timeout: 0 })).rejects.toMatchObject({
    message: expect.stringMatching(/give a longer `timeout`$/),
    details: expect.not.objectContaining({ unhandled: expect.anything() }),
  });
  expect(warnings).toHaveLength(1);
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
