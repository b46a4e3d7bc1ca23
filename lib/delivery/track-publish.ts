import { ObservedPromise } from "./observed-promise.ts";
import { runContext } from "./run-context.ts";

/**
 * What a publish gives to its caller. In a handler the run waits for it, and fails with it where the handler does not ask what
 * became of it; outside of one it is the promise itself. `failureOf` finds a failure in what it resolves to.
 */
export function trackPublish<Value>(publish: Promise<Value>, failureOf?: (value: Value) => unknown): Promise<Value> {
  const run = runContext.getStore();
  if (run === undefined) return publish;
  const observed = ObservedPromise.of(publish);
  run.track(failureOf === undefined ? publish : failing(publish, failureOf), () => observed.observed);
  return observed;
}

async function failing<Value>(publish: Promise<Value>, failureOf: (value: Value) => unknown): Promise<void> {
  const failure = failureOf(await publish);
  if (failure !== undefined) throw failure;
}
