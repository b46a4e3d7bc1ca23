import type { Bus } from "../bus/bus.ts";
import { createBus } from "../bus/create-bus.ts";
import type { MiddlewareOption } from "../bus/middleware.ts";
import type { RegisteredEvents } from "../bus/register.ts";
import { standardCatalog } from "../catalog/index.ts";
import { checkOptions } from "../connect/options.ts";
import { MemoryEngine } from "../engines/memory/index.ts";
import { BusError } from "../error/bus-error.ts";
import type { Catalog } from "../event/catalog.ts";
import type { Event } from "../event/event.ts";
import { createIds } from "../event/id.ts";
import type { PublishMiddleware } from "../publish/middleware.ts";
import { checkCallOptions } from "../runtime/call-options.ts";
import { jsonLogger } from "../runtime/logger.ts";
import { Counters } from "../runtime/metrics.ts";
import { ManualClock, turn } from "./manual-clock.ts";

/** Options of {@link testBus}. */
export interface TestBusOptions<Events = RegisteredEvents> {
  /** Default: the standard catalog. */
  catalog?: Catalog<Events>;
  /** Default `"test"`. */
  source?: string;
  /** Returns a random number from 0 to below 1, for backoff; default: always 0.5, so that every run is the same. */
  random?: () => number;
  /** Middleware, the outermost first. */
  use?: readonly MiddlewareOption[];
}

/** An in-memory bus that a test can inspect and advance. */
export interface TestBus<Events = RegisteredEvents> extends Bus<Events> {
  /** Every event published since the last `reset`, in order, including those that history does not keep. */
  readonly published: readonly Event[];
  /** The clock of the bus; it stands still until the test advances it. */
  readonly clock: ManualClock;
  /**
   * Advances the clock to each scheduled retry, delayed event and batch window, and resolves when no delivery can make further
   * progress. Rejects with `timeout` if a handler still runs after 5 s of real time.
   */
  drain(): Promise<void>;
  /** Removes events, deliveries, dead letters and counts. Subscriptions and their handlers stay. */
  reset(): void;
}

/** The real time in milliseconds that `drain` waits for a handler. */
const drainTimeoutMs = 5_000;

const optionNames = ["catalog", "source", "random", "use"] as const satisfies (keyof TestBusOptions)[];

/** Creates a bus for a unit test. It needs no set-up, and need not be closed. Throws `invalid_config` for a wrong option. */
export function testBus<Events = RegisteredEvents>(options: TestBusOptions<Events> = {}): TestBus<Events> {
  const given: unknown = options;
  checkCallOptions("testBus", given, optionNames);
  checkOptions(given, "testBus");
  const clock = new ManualClock();
  const random = options.random ?? (() => 0.5);
  const nextId = createIds({ now: clock.now });
  const engine = new MemoryEngine({ clock, nextId });
  const counters = new Counters();
  const published: Event[] = [];
  /** This middleware is the innermost one, so that it sees exactly what the engine receives. */
  const publish: PublishMiddleware = (entry, next) => {
    const appended = next(entry);
    if (!(appended instanceof Promise) && !appended.duplicate) published.push(appended.event);
    return appended;
  };
  const bus = createBus<Events>({
    engine,
    catalog: options.catalog ?? standardCatalog,
    source: options.source ?? "test",
    clock,
    random,
    nextId,
    logger: jsonLogger(() => {}, "silent"),
    counters,
    use: [...(options.use ?? []), { publish }],
    graceMs: 0,
    onError: () => {},
  });
  return Object.assign(bus, {
    published,
    clock,
    drain: () => drain(engine, clock, counters),
    reset: () => {
      published.length = 0;
      engine.reset();
      counters.reset();
    },
  });
}

async function drain(engine: MemoryEngine, clock: ManualClock, counters: Counters): Promise<void> {
  const deadline = performance.now() + drainTimeoutMs;
  for (;;) {
    await turn();
    const states = await engine.subscriptions.list();
    const taken = states.reduce((sum, { running }) => sum + running, 0);
    // What waits for the window of its batch goes on when the clock does, and not before.
    if (counters.running > 0 || taken > counters.batching) {
      if (performance.now() < deadline) continue;
      const names = states.filter(({ running }) => running > 0).map(({ record }) => record.name);
      throw new BusError(
        "timeout",
        `drain: handlers of ${names.join(", ")} are still running; if one waits for the clock, advance it first`,
      );
    }
    if (engine.runnable) continue;
    const waits = counters.batching > 0 || counters.throttled > 0 || states.some(({ delayed }) => delayed > 0);
    const due = waits ? clock.nextDue : undefined;
    if (due === undefined) return;
    await clock.advance(Math.max(0, due - clock.now()));
  }
}
