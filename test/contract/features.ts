import type { ContractFeature } from "./adapter.ts";
import type { Trial } from "./case.ts";

/**
 * Whether a feature works, tried in the shortest way: an engine that declares to lack what it has, or to have what it
 * lacks, is found out.
 */
export const featureChecks: Readonly<Record<ContractFeature, (trial: Trial) => Promise<boolean>>> = {
  "ordered-publish": async (t) => {
    const metadata = { correlationId: t.flow };
    const drafts = Array.from({ length: 50 }, () => ({ type: "custom.contract.feature", data: {}, metadata }));
    const results = await t.bus.publishAll(drafts);
    const published = results.map((result) => (result.ok ? result.event.id : undefined));
    const recorded = await t.eventually("all are recorded", async () => {
      const { events } = await t.bus.history.query({ correlationId: t.flow });
      return events.length === drafts.length && events;
    });
    return recorded.every((event, index) => event.id === published[drafts.length - 1 - index]);
  },

  priority: async (t) => {
    const gate = t.gate();
    await t.consume("one-at-a-time");
    await t.publish("custom.contract.one_at_a_time", { script: { "*": [{ do: "wait", gate }] } });
    await t.reported({ phase: "started" });
    await t.publish("custom.contract.one_at_a_time", { metadata: { priority: 9 } });
    const urgent = await t.publish("custom.contract.one_at_a_time", { metadata: { priority: 1 } });
    await t.open(gate);
    const started = await t.reported({ phase: "started" }, 3);
    return started[1]?.eventId === urgent.id;
  },

  backpressure: async (t) => {
    const subscriber = await t.consume("small-backlog");
    await t.consume("beside-small-backlog");
    subscriber.pause();
    for (let n = 0; n < 5; n += 1) await t.publish("custom.contract.small_backlog");
    const { deadLetters } = await t.bus.deadLetters.list({ correlationId: t.flow });
    return deadLetters.length === 2;
  },

  settled: async (t) => {
    await t.consume("handled");
    await t.publish("custom.contract.handled", { script: { "*": [{ do: "fail", upTo: 1 }] } });
    await t.bus.settled(t.flow, { timeout: t.ms(5_000) });
    return (await t.reports({ phase: "done" })).length === 1;
  },

  durable: async (t) => {
    const first = await t.connect();
    const event = await t.publish("custom.contract.feature", {}, first);
    await first.close();
    const second = await t.connect();
    return (await second.history.get(event.id)) !== undefined;
  },

  "multi-process": async (t) => {
    const other = await t.connect();
    const event = await t.publish("custom.contract.feature");
    return (await other.history.get(event.id)) !== undefined;
  },

  crash: async (t) => {
    const worker = await t.startWorker("crashing").catch(() => undefined);
    return worker !== undefined;
  },
};
