import type { Bus } from "../bus/bus.ts";
import { createBus } from "../bus/create-bus.ts";
import type { MiddlewareOption } from "../bus/middleware.ts";
import type { RegisteredEvents } from "../bus/register.ts";
import { standardCatalog } from "../catalog/index.ts";
import { MemoryEngine } from "../engines/memory/index.ts";
import { BusError } from "../error/bus-error.ts";
import type { Catalog } from "../event/catalog.ts";
import type { Event } from "../event/event.ts";
import { createIds } from "../event/id.ts";
import type { PublishMiddleware } from "../publish/middleware.ts";
import { jsonLogger } from "../runtime/logger.ts";
import { Counters } from "../runtime/metrics.ts";
import { ManualClock, turn } from "./manual-clock.ts";

/** What a {@link testBus} is made of; all of it has a default. */
export interface TestBusOptions<Events = RegisteredEvents> {
  /** Default: the standard catalog. */
  catalog?: Catalog<Events>;
  /** Default `"test"`. */
  source?: string;
  /** 0 to below 1, for backoff; default: always 0.5, so that a run is the same each time. */
  random?: () => number;
  /** Middleware, the outermost first. */
  use?: readonly MiddlewareOption[];
}

/** A bus in memory that a test can look into and move on. */
export interface TestBus<Events = RegisteredEvents> extends Bus<Events> {
  /** Everything published since the last `reset`, in order, also what history does not keep. */
  readonly published: readonly Event[];
  /** Stands still until the test moves it. */
  readonly clock: ManualClock;
  /**
   * Resolves when nothing is under way that can go on by itself. Moves the clock to each retry that waits for it.
   * `timeout` where a handler still runs after 5 s of real time.
   */
  drain(): Promise<void>;
  /** Forgets events, deliveries, dead letters and counts; subscriptions and their handlers stay. */
  reset(): void;
}

/** Real time after which `drain` gives up on a handler. */
const longestDrainMs = 5_000;

/** A bus for a unit test: nothing to install, nothing to wait for, closed or left. */
export function testBus<Events = RegisteredEvents>(options: TestBusOptions<Events> = {}): TestBus<Events> {
  const clock = new ManualClock();
  const random = options.random ?? (() => 0.5);
  const nextId = createIds({ now: clock.now });
  const engine = new MemoryEngine({ clock, nextId });
  const counters = new Counters();
  const published: Event[] = [];
  /** The innermost, so that it sees what the engine was given, when it was given it. */
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
    drain: () => drain(engine, clock),
    reset: () => {
      published.length = 0;
      engine.reset();
      counters.reset();
    },
  });
}

async function drain(engine: MemoryEngine, clock: ManualClock): Promise<void> {
  const deadline = performance.now() + longestDrainMs;
  for (;;) {
    await turn();
    const states = await engine.subscriptions.list();
    const running = states.filter((state) => state.running > 0).map((state) => state.record.name);
    if (running.length > 0) {
      if (performance.now() < deadline) continue;
      throw new BusError(
        "timeout",
        `drain: handlers of ${running.join(", ")} still run; if one waits for the clock, advance it first`,
      );
    }
    if (engine.runnable) continue;
    const due = states.some((state) => state.delayed > 0) ? clock.nextDue : undefined;
    if (due === undefined) return;
    await clock.advance(Math.max(0, due - clock.now()));
  }
}
