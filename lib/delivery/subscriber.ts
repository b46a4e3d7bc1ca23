import type { Subscriber, SubscriberInfo } from "../bus/bus.ts";
import type { Engine } from "../engine/engine.ts";
import type { Runner } from "./runner.ts";

/** The user's hold on a runner. `closed` is told once it has ended. */
export function createSubscriber<Events>(
  engine: Engine,
  runner: Runner<Events>,
  closed: () => Promise<void>,
): Subscriber {
  let closing: Promise<void> | undefined;
  return {
    name: runner.name,
    pause: () => runner.pause(),
    resume: () => runner.resume(),
    info: () => info(engine, runner),
    close: () => {
      closing ??= runner.close().then(closed);
      return closing;
    },
  };
}

async function info<Events>(engine: Engine, runner: Runner<Events>): Promise<SubscriberInfo> {
  const state = await engine.getSubscription(runner.name);
  const { lastEventMs, ...counts } = runner.counts;
  return {
    name: runner.name,
    types: state?.record.on ?? [],
    paused: runner.paused,
    ...counts,
    ...(lastEventMs === undefined ? {} : { lastEventAt: new Date(lastEventMs).toISOString() }),
    running: runner.running,
    backlog: (state?.waiting ?? 0) + (state?.delayed ?? 0),
    oldestAgeMs: state?.oldestAgeMs ?? 0,
  };
}
