export { ManualClock } from "./manual-clock.ts";
export { type TestBus, type TestBusOptions, testBus } from "./test-bus.ts";
