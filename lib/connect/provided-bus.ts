import type { Bus } from "../bus/bus.ts";
import type { RegisteredEvents } from "../bus/register.ts";

let provider: (() => Promise<Bus<RegisteredEvents>>) | undefined;

/**
 * Says where this process has its bus from, so that `getBus` need not open one: a Lambda function runs its handler on a
 * bus that it made of its environment. `initBus` still wins. Gives what takes that back.
 */
export function provideBus<Events>(open: () => Promise<Bus<Events>>): () => void {
  // Which events it has is what `Register` says: nothing at runtime tells.
  const provided = open as () => Promise<Bus<unknown>> as () => Promise<Bus<RegisteredEvents>>;
  provider = provided;
  return () => {
    if (provider === provided) provider = undefined;
  };
}

/** The bus that the process was provided with; undefined where it was not. */
export function providedBus(): Promise<Bus<RegisteredEvents>> | undefined {
  return provider?.();
}

type AwsEngines = typeof import("../engines/aws/index.ts");

let aws: AwsEngines | undefined;

/** Says where this process has the aws engine from: the bundle of a Lambda function holds it already. */
export function provideAws(engines: AwsEngines): void {
  aws = engines;
}

/** The aws engine that the process was provided with; undefined where it was not. */
export function providedAws(): AwsEngines | undefined {
  return aws;
}
