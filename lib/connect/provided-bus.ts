import type { Bus } from "../bus/bus.ts";
import type { RegisteredEvents } from "../bus/register.ts";

let provider: (() => Promise<Bus<RegisteredEvents>>) | undefined;

/**
 * Sets the bus that `getBus` returns, so that it does not open one: a Lambda function creates the bus of its handler from its
 * environment. `initBus` takes precedence.
 */
export function provideBus(open: () => Promise<Bus<RegisteredEvents>>): void {
  provider = open;
}

/** Returns the bus set by {@link provideBus}, or `undefined`. */
export function providedBus(): Promise<Bus<RegisteredEvents>> | undefined {
  return provider?.();
}

type AwsEngines = typeof import("../engines/aws/index.ts");

let aws: AwsEngines | undefined;

/** Sets the module of the aws engine, which is part of the bundle of a Lambda function. */
export function provideAws(engines: AwsEngines): void {
  aws = engines;
}

/** Returns the module set by {@link provideAws}, or `undefined`. */
export function providedAws(): AwsEngines | undefined {
  return aws;
}
