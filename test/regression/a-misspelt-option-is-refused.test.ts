import { expect, test } from "vitest";
import { type Bus, connect } from "wagglebus";

// `replay(…, { dryrun: true })` replayed, `waitFor(…, { timout: 10 })` waited for 30 s, and a subscription without a
// handler failed at each delivery: callers in plain JavaScript have no compiler that tells them.
const draft = { type: "custom.seen", data: {} };
const calls: Record<string, { call: (bus: Bus) => Promise<unknown>; says: string; code?: string }> = {
  replay: {
    call: (bus) => Reflect.apply(bus.replay, bus, [{ type: "custom.*" }, { to: "*", dryrun: true }]),
    says: 'replay: there is no option dryrun; did you mean "dryRun"?',
  },
  "replay to nowhere": {
    call: (bus) => Reflect.apply(bus.replay, bus, [{}]),
    says: "replay: the options are undefined; give an object of to, from, dryRun",
  },
  "replay to a number": {
    call: (bus) => Reflect.apply(bus.replay, bus, [{}, { to: 5 }]),
    says: 'replay: to is 5; give the name of a subscription, or "*" for all that match',
  },
  waitFor: {
    call: (bus) => Reflect.apply(bus.waitFor, bus, ["custom.*", { since: new Date(0), timout: 1 }]),
    says: 'waitFor: there is no option timout; did you mean "timeout"?',
  },
  settled: {
    call: (bus) => Reflect.apply(bus.settled, bus, ["flow", { timeouts: 1 }]),
    says: 'settled: there is no option timeouts; did you mean "timeout"?',
  },
  "publish of a draft": {
    call: (bus) => Reflect.apply(bus.publish, bus, [draft, { dedup: "once" }]),
    says: 'publish of a draft: there is no option dedup; did you mean "dedupe"?',
  },
  "publishAll of one draft": {
    call: (bus) => Reflect.apply(bus.publishAll, bus, [draft]),
    says: "publishAll: { type, data } is no list; give an array of drafts",
    code: "invalid_event",
  },
  "subscribe to nothing": {
    call: (bus) => Reflect.apply(bus.subscribe, bus, [null, () => {}]),
    says: "Subscription: is null; give { name, on, … }",
  },
  "subscribe without types": {
    call: (bus) => Reflect.apply(bus.subscribe, bus, [{ name: "readers" }, () => {}]),
    says: 'Subscription "readers": on is missing; give at least one type, or "*" for all',
  },
  "subscribe without a handler": {
    call: (bus) => Reflect.apply(bus.subscribe, bus, [{ on: "custom.*" }]),
    says: "subscribe: the handler is undefined; give a function",
  },
  "subscribe with a filter of another kind": {
    call: (bus) => Reflect.apply(bus.subscribe, bus, [{ on: "custom.*" }, () => {}, { filter: "data.x" }]),
    says: 'subscribe: filter is "data.x"; give a function',
  },
  "subscribe with a misspelt filter": {
    call: (bus) => Reflect.apply(bus.subscribe, bus, [{ on: "custom.*" }, () => {}, { filtr: () => false }]),
    says: 'subscribe: there is no option filtr; did you mean "filter"?',
  },
};

test.each(Object.entries(calls))("%s is refused by name", async (_, { call, says, code = "invalid_config" }) => {
  const bus = await connect({ engine: "memory", source: "regression" });
  await expect(call(bus)).rejects.toThrow(expect.objectContaining({ code, message: says }));
  expect(await bus.subscriptions.list()).toEqual([]);
  await bus.close();
});
