import { engineOf } from "../../bus/engine-of.ts";
import { BusError } from "../../error/bus-error.ts";
import type { ContractFeature } from "./adapter.ts";
import type { CaseContext } from "./context.ts";

/** An engine refuses what it lacks by one of these codes; anything else is a failure of the check. */
function refused(thrown: unknown): false {
  if (thrown instanceof BusError && ["invalid_config", "not_found"].includes(thrown.code)) return false;
  throw thrown;
}

/**
 * Whether it comes about. What the engine declares to come about is waited for as long as anything; what it declares not to, in
 * a time that is long for what is not delayed.
 */
async function comesAbout(t: CaseContext, isDeclared: boolean, check: () => Promise<boolean>): Promise<boolean> {
  const deadline = performance.now() + (isDeclared ? t.longestWaitMs : t.ms(500));
  while (performance.now() < deadline) {
    if (await check()) return true;
    await new Promise((resolve) => setTimeout(resolve, t.ms(5)));
  }
  return false;
}

/**
 * Whether a feature works, tried in the shortest way: an engine that declares to lack what it has, or to have what it
 * lacks, is found out.
 */
export const featureChecks: Readonly<Record<ContractFeature, (t: CaseContext) => Promise<boolean>>> = {
  "ordered-publish": async (t) => {
    const metadata = { correlationId: t.flow };
    const drafts = Array.from({ length: 50 }, () => ({ type: "custom.contract.feature", data: {}, metadata }) as const);
    const results = await t.bus.publishAll(drafts);
    const published = results.map((result) => (result.ok ? result.event.id : undefined));
    const recorded = await t.eventually("all are recorded", async () => {
      const { events } = await t.bus.history.query({ correlationId: t.flow });
      return events.length === drafts.length && events;
    });
    return recorded.every((event, index) => event.id === published[drafts.length - 1 - index]);
  },

  priority: async (t) => {
    const type = "custom.contract.one_at_a_time";
    const gate = t.gate();
    await t.consume("one-at-a-time");
    await t.publish(type, { script: { "*": [{ do: "wait", gate }] } });
    await t.reported({ phase: "started" });
    // So many that chance does not bring the urgent ones to the front.
    for (let n = 0; n < 6; n += 1) await t.publishInTurn(type, { metadata: { priority: 9 } });
    const urgent: string[] = [];
    for (let n = 0; n < 4; n += 1) urgent.push((await t.publishInTurn(type, { metadata: { priority: 1 } })).id);
    await t.open(gate);
    const started = await t.reported({ phase: "started" }, 11);
    return started.slice(1, 5).every(({ eventId }) => urgent.includes(eventId));
  },

  backpressure: async (t) => {
    const subscriber = await t.consume("small-backlog");
    await t.consume("beside-small-backlog");
    if (t.has("local-consumers")) subscriber.pause();
    for (let n = 0; n < 5; n += 1) await t.publish("custom.contract.small_backlog");
    const { deadLetters } = await t.bus.deadLetters.list({ correlationId: t.flow });
    return deadLetters.length === 2;
  },

  delay: async (t) => {
    await t.consume("handled");
    const deliverAt = new Date(Date.now() + t.ms(200)).toISOString();
    try {
      await t.publish("custom.contract.handled", { metadata: { deliverAt } });
    } catch (thrown) {
      return refused(thrown);
    }
    const [started] = await t.reported({ phase: "started" });
    return (started?.at ?? 0) >= Date.parse(deliverAt);
  },

  settled: async (t) => {
    await t.consume("handled");
    await t.publish("custom.contract.handled", { script: { "*": [{ do: "fail", upTo: 1 }] } });
    try {
      await t.bus.settled(t.flow, { timeout: t.longestWaitMs });
    } catch (thrown) {
      return refused(thrown);
    }
    return (await t.reports({ phase: "done" })).length === 1;
  },

  outcomes: async (t) => {
    await t.consume("handled");
    const { id } = await t.publish("custom.contract.handled");
    await t.quiet();
    await t.eventually("it is recorded", () => t.bus.history.get(id));
    return (await t.bus.history.flow(t.flow)).roots[0]?.deliveries?.length === 1;
  },

  "all-outcomes": async (t) => {
    await t.consume("handled");
    const { id } = await t.publish("custom.contract.handled");
    await t.quiet();
    await t.eventually("it is recorded", () => t.bus.history.get(id));
    await t.bus.replay({ ids: [id] }, { to: "handled" });
    await t.quiet();
    return (await t.bus.history.flow(t.flow)).roots[0]?.deliveries?.length === 2;
  },

  pause: async (t) => {
    await t.consume("handled");
    try {
      await t.bus.subscriptions.pause("handled");
    } catch (thrown) {
      return refused(thrown);
    }
    await t.publish("custom.contract.handled");
    const state = await t.bus.subscriptions.get("handled");
    await t.bus.subscriptions.resume("handled");
    await t.quiet();
    return state?.paused === true && state.waiting === 1;
  },

  rates: async (t) => {
    await t.consume("handled");
    const event = await t.publish("custom.contract.handled");
    await t.quiet();
    await t.eventually("it is recorded", () => t.bus.history.get(event.id));
    return (await t.bus.subscriptions.rates())?.subscriptions.get("handled") !== undefined;
  },

  transfer: async ({ bus }) => {
    const transfer = engineOf(bus)?.transfer;
    return transfer !== undefined && (await transfer.openDeliveries(1)).deliveries.length <= 1;
  },

  erase: async (t) => {
    try {
      await t.bus.erase({ ids: [`none-${t.flow}`] }, { dryRun: true });
    } catch (thrown) {
      return refused(thrown);
    }
    return true;
  },

  durable: async (t) => {
    const event = await t.publishInTurn("custom.contract.feature");
    await t.restart();
    return (await t.bus.history.get(event.id)) !== undefined;
  },

  "multi-process": async (t) => {
    const other = await t.connect();
    const event = await t.publishInTurn("custom.contract.feature");
    return (await other.history.get(event.id)) !== undefined;
  },

  crash: async (t) => {
    const worker = await t.startWorker("crashing").catch(() => undefined);
    return worker !== undefined;
  },

  ownership: async (t) => {
    const worker = await t.startWorker("crashing").catch(() => undefined);
    if (worker === undefined) return false;
    const gate = t.gate();
    await t.publish("custom.contract.crashing", { script: { "*": [{ do: "wait", gate }] } });
    await t.reported({ phase: "started" });
    await worker.freeze();
    await t.consume("crashing");
    const runs = async () => (await t.reports({ phase: "started" })).length;
    const overtaken = await comesAbout(t, !t.has("ownership"), async () => (await runs()) > 1);
    worker.thaw();
    return !overtaken;
  },

  "local-consumers": async (t) => {
    const handled: string[] = [];
    try {
      await t.consumeWith("handled", ({ id }) => handled.push(id));
    } catch (thrown) {
      return refused(thrown);
    }
    const { id } = await t.publish("custom.contract.handled");
    return t.eventually("it is handled here", () => handled.includes(id));
  },

  "runtime-subscriptions": async (t) => {
    const name = t.name("made");
    try {
      await t.bus.subscribe({ name, on: "custom.contract.feature" }, () => {});
    } catch (thrown) {
      return refused(thrown);
    }
    return (await t.bus.subscriptions.get(name)) !== undefined;
  },

  "visible-unnamed": async (t) => {
    const other = await t.connect();
    const { name } = await other.subscribe({ on: "custom.contract.feature" }, () => {});
    return (await t.bus.subscriptions.get(name)) !== undefined;
  },

  "shared-concurrency": async (t) => {
    const gate = t.gate();
    await t.consume("two-at-once");
    await t.consume("two-at-once", await t.connect());
    const script = { "*": [{ do: "wait" as const, gate }] };
    for (let n = 0; n < 6; n += 1) await t.publish("custom.contract.two_at_once", { script });
    await t.reported({ phase: "started" }, 2);
    const runs = async () => (await t.reports({ phase: "started" })).length;
    return !(await comesAbout(t, !t.has("shared-concurrency"), async () => (await runs()) > 2));
  },

  "parallel-runs": async (t) => {
    const gate = t.gate();
    await t.consume("two-at-once");
    const script = { "*": [{ do: "wait" as const, gate }] };
    for (let n = 0; n < 2; n += 1) await t.publish("custom.contract.two_at_once", { script });
    await t.reported({ phase: "started" });
    const runs = async () => (await t.reports({ phase: "started" })).length;
    return comesAbout(t, t.has("parallel-runs"), async () => (await runs()) === 2);
  },

  "ordered-backlog": async (t) => {
    await t.consume("in-order");
    const fail = { script: { "*": [{ do: "fail" as const, upTo: 1 }] } };
    const first = await t.publishInTurn("custom.contract.in_order", { data: { key: "one" }, ...fail });
    const second = await t.publish("custom.contract.in_order", { data: { key: "one" } });
    const done = await t.reported({ phase: "done" }, 2);
    return done[0]?.eventId === first.id && done[1]?.eventId === second.id;
  },

  "keys-apart": async (t) => {
    const type = "custom.contract.in_order";
    const gate = t.gate();
    await t.consume("in-order");
    await t.publish(type, { data: { key: "a" }, script: { "*": [{ do: "wait", gate }] } });
    await t.reported({ phase: "started" });
    const { id } = await t.publish(type, { data: { key: "b" } });
    const isDone = async () => (await t.reports({ phase: "done", eventId: id })).length === 1;
    return comesAbout(t, t.has("keys-apart"), isDone);
  },

  "queue-age": async (t) => {
    const gate = t.gate();
    await t.consume("handled");
    await t.publish("custom.contract.handled", { script: { "*": [{ do: "wait", gate }] } });
    await t.reported({ phase: "started" });
    const age = async () => (await t.bus.subscriptions.get("handled"))?.oldestAgeMs ?? 0;
    return comesAbout(t, t.has("queue-age"), async () => (await age()) > 0);
  },

  "known-ids": async (t) => {
    const id = `known-${t.flow}`;
    await t.publish("custom.contract.feature", { id, data: { n: 1 } });
    return t.publish("custom.contract.feature", { id, data: { n: 2 } }).then(
      () => false,
      (thrown: unknown) => thrown instanceof BusError && thrown.code === "conflict",
    );
  },
};
