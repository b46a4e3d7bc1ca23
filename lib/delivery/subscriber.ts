import type { Engine } from "../engine/engine.ts";
import type { Runner } from "./runner.ts";

/** How a subscription stands, and what this subscriber has done. */
export interface SubscriberInfo {
  name: string;
  /** The types it listens to. */
  types: readonly string[];
  paused: boolean;
  /** Since this subscriber began. */
  delivered: number;
  failed: number;
  retried: number;
  deadLettered: number;
  expired: number;
  /** RFC 3339: when it last began to handle an event. */
  lastEventAt?: string;
  /** Deliveries in handlers of this subscriber, now. */
  running: number;
  /** Of the whole subscription, all processes: waiting and delayed. */
  backlog: number;
  oldestAgeMs: number;
}

/** A handler at work on a subscription. */
export interface Subscriber {
  readonly name: string;
  /** Takes nothing new; what runs goes on. */
  pause(): void;
  /** Continues to take deliveries after a pause. */
  resume(): void;
  /** Returns the counts of this subscriber, and the depth of its whole subscription. */
  info(): Promise<SubscriberInfo>;
  /** Takes nothing new and resolves when what runs has ended. A named subscription goes on collecting. */
  close(): Promise<void>;
  /** As `close`: `await using subscriber = await bus.subscribe(…)`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** The user's hold on a runner. `closed` is told once it has ended. */
export function createSubscriber<Events>(
  engine: Engine,
  runner: Runner<Events>,
  closed: () => Promise<void>,
): Subscriber {
  let closing: Promise<void> | undefined;
  const close = () => {
    closing ??= runner.close().then(closed);
    return closing;
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
