import { expect, test } from "vitest";
import { type Bus, connect } from "wagglebus";

// `replay(…, { dryrun: true })` replayed, `waitFor(…, { timout: 10 })` waited for 30 s, and a subscription without a
// handler failed on each delivery: callers in plain JavaScript have no compiler that finds the mistake.
const draft = { type: "custom.seen", data: {} };
const calls: Record<string, { call: (bus: Bus) => Promise<unknown>; says: string; code?: string }> = {
  replay: {
    call: (bus) => Reflect.apply(bus.replay, bus, [{ type: "custom.*" }, { to: "*", dryrun: true }]),
    says: 'replay: unknown option dryrun; did you mean "dryRun"?',
  },
  "replay to nowhere": {
    call: (bus) => Reflect.apply(bus.replay, bus, [{}]),
    says: "replay: the options must be an object of to, dryRun, not undefined",
  },
  "replay to a number": {
    call: (bus) => Reflect.apply(bus.replay, bus, [{}, { to: 5 }]),
    says: 'replay: to must be the name of a subscription, or "*" for all that match, not 5',
  },
  waitFor: {
    call: (bus) => Reflect.apply(bus.waitFor, bus, ["custom.*", { since: new Date(0), timout: 1 }]),
    says: 'waitFor: unknown option timout; did you mean "timeout"?',
  },
  settled: {
    call: (bus) => Reflect.apply(bus.settled, bus, ["flow", { timeouts: 1 }]),
    says: 'settled: unknown option timeouts; did you mean "timeout"?',
  },
  "publish of a draft": {
    call: (bus) => Reflect.apply(bus.publish, bus, [draft, { dedup: "once" }]),
    says: 'publish of a draft: unknown option dedup; did you mean "dedupe"?',
  },
  "publishAll of one draft": {
    call: (bus) => Reflect.apply(bus.publishAll, bus, [draft]),
    says: "publishAll: the drafts must be a list such as [{ type, data }], not { type, data }",
    code: "invalid_event",
  },
  "subscribe to nothing": {
    call: (bus) => Reflect.apply(bus.subscribe, bus, [null, () => {}]),
    says: "subscription: must be an object such as { name, on }, not null",
  },
  "subscribe without types": {
    call: (bus) => Reflect.apply(bus.subscribe, bus, [{ name: "readers" }, () => {}]),
    says: 'subscription readers: on is missing; it must be one or more definitions or type names, or "*" for all',
  },
  "subscribe without a handler": {
    call: (bus) => Reflect.apply(bus.subscribe, bus, [{ on: "custom.*" }]),
    says: "subscribe: the handler is missing; it must be a function",
  },
  "subscribe with a filter that is not a function": {
    call: (bus) => Reflect.apply(bus.subscribe, bus, [{ on: "custom.*" }, () => {}, { filter: "data.x" }]),
    says: 'subscribe: filter must be a function, not "data.x"',
  },
  "subscribe with a misspelt filter": {
    call: (bus) => Reflect.apply(bus.subscribe, bus, [{ on: "custom.*" }, () => {}, { filtr: () => false }]),
    says: 'subscribe: unknown option filtr; did you mean "filter"?',
  },
};

test.each(Object.entries(calls))("%s is refused", async (_, { call, says, code = "invalid_config" }) => {
  const bus = await connect({ engine: "memory", source: "regression" });
  await expect(call(bus)).rejects.toThrow(expect.objectContaining({ code, message: says }));
  expect(await bus.subscriptions.list()).toEqual([]);
  await bus.close();
});
