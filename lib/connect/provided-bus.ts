import type { Bus } from "../bus/bus.ts";
import type { RegisteredEvents } from "../bus/register.ts";

let provider: (() => Promise<Bus<RegisteredEvents>>) | undefined;

/**
 * Sets the bus that `getBus` returns, so that it does not open one: a Lambda function creates the bus of its handler from its
 * environment. `initBus` takes precedence. Returns
 * a function that takes it back.
 */
export function provideBus<Events>(open: () => Promise<Bus<Events>>): () => void {
  // Which events it has is what `Register` says: nothing at runtime tells.
  const provided = open as () => Promise<Bus<unknown>> as () => Promise<Bus<RegisteredEvents>>;
  provider = provided;
  return () => {
    if (provider === provided) provider = undefined;
  };
}

/** Returns the bus set by {@link provideBus}, or `undefined`. */
export function providedBus(): Promise<Bus<RegisteredEvents>> | undefined {
  return provider?.();
}

/** The module of the aws engine. */
export type AwsEngines = typeof import("../engines/aws/index.ts");

let aws: AwsEngines | undefined;

/** Sets the module of the aws engine, which is part of the bundle of a Lambda function. */
export function provideAws(engines: AwsEngines): void {
  aws = engines;
}

/** Returns the module set by {@link provideAws}, or `undefined`. */
export function providedAws(): AwsEngines | undefined {
  return aws;
}
