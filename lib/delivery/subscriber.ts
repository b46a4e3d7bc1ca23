import type { Engine } from "../engine/engine.ts";
import type { Runner } from "./runner.ts";

/** How a subscription stands, and what this subscriber has done. */
export interface SubscriberInfo {
  /** The name of the subscription; generated if it has none. */
  name: string;
  /** The types it listens to. */
  types: readonly string[];
  /** Whether `pause` was called, and `resume` not since. */
  paused: boolean;
  /** Attempts that succeeded since this subscriber began. */
  delivered: number;
  /** Attempts that failed since then. */
  failed: number;
  /** Failed attempts that are retried. */
  retried: number;
  /** Deliveries that became dead letters. */
  deadLettered: number;
  /** Deliveries that had expired, and were not handled. */
  expired: number;
  /** RFC 3339: when it last began to handle an event. */
  lastEventAt?: string;
  /** Deliveries in handlers of this subscriber, now. */
  running: number;
  /** Deliveries that wait or are delayed, in the whole subscription, over all processes. */
  backlog: number;
  /** Milliseconds since the oldest pending delivery of the subscription was accepted; 0 if there is none, or on aws. */
  oldestAgeMs: number;
}

/** A handler that consumes a subscription. */
export interface Subscriber {
  /** The name of the subscription; generated if it has none. */
  readonly name: string;
  /** Takes no new deliveries; running handlers continue. */
  pause(): void;
  /** Continues to take deliveries after a pause. */
  resume(): void;
  /** Returns the counts of this subscriber, and the depth of its whole subscription. */
  info(): Promise<SubscriberInfo>;
  /**
   * Takes no new deliveries and resolves when running handlers have ended. A named subscription continues to collect. Called
   * inside a handler, it does not wait for the run that calls it.
   */
  close(): Promise<void>;
  /** The same as `close`, for `await using subscriber = await bus.subscribe(…)`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** What follows when a subscriber is closed; each is called once. */
export interface SubscriberEnd {
  /** At once: it takes nothing more. */
  closing(): void;
  /** Its handlers have ended. */
  closed(): Promise<void>;
}

/** Wraps a runner for its user. */
export function createSubscriber<Events>(engine: Engine, runner: Runner<Events>, end: SubscriberEnd): Subscriber {
  let closing: Promise<void> | undefined;
  const close = async () => {
    const first = closing === undefined;
    if (first) end.closing();
    const ended = runner.close();
    closing ??= ended.then(() => end.closed());
    // An earlier close from outside waits for the run that calls this one.
    const shared = first || !runner.calledFromRun ? closing : undefined;
    await ended;
    await shared;
  };
  return {
    name: runner.name,
    pause: () => runner.pause(),
    resume: () => runner.resume(),
    info: () => info(engine, runner),
    close,
    [Symbol.asyncDispose]: close,
  };
}

async function info<Events>(engine: Engine, runner: Runner<Events>): Promise<SubscriberInfo> {
  const state = await engine.subscriptions.get(runner.name);
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
