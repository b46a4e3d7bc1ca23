import type { Bus } from "../bus/bus.ts";
import { systemCostThresholdReached, systemLoopDetected } from "../catalog/system.ts";
import { BusError } from "../error/bus-error.ts";
import { messageOf } from "../error/message-of.ts";
import type { Event } from "../event/event.ts";
import { type Clock, systemClock, type Timer } from "../runtime/clock.ts";
import type { Logger } from "../runtime/logger.ts";
import { type Alert, alertId, alertType } from "./alert.ts";
import { parseAlert } from "./alert-event.ts";
import { AlertMonitor, type MonitorOptions } from "./alert-monitor.ts";
import { type AlertBus, publishAlert } from "./publish-alerts.ts";
import type { CheckedRule } from "./rules.ts";

/** What is watched, and where alerts are published. */
export type WatchedBus = AlertBus & Pick<Bus, "history" | "subscriptions">;

/** Options of {@link watchAlerts}. */
export interface WatchAlertsOptions extends MonitorOptions {
  readonly rules: readonly CheckedRule[];
  readonly logger: Pick<Logger, "warn">;
  readonly clock?: Clock;
  /** Who publishes the alerts. Default `waggle-alerts`. */
  readonly source?: string;
  /** Milliseconds between two looks at the time and the subscriptions. Default 5 s. */
  readonly everyMs?: number;
}

/** A watch over a bus. */
export interface AlertWatch {
  /** What is raised and not cleared, as of now. */
  active(): Alert[];
  /** Resolves when what was recorded before the start has been read. */
  readonly ready: Promise<void>;
  /** Ends it; an alert on its way is published. */
  close(): Promise<void>;
}

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** How far back alerts are looked up that may be active still. */
const alertsMs = 7 * dayMs;
const retryMs = 5_000;
const pageSize = 500;

/**
 * Watches a bus by rules, and publishes an event for each alert that is raised or cleared. It keeps nothing: after a start it
 * reads history again, and what it finds a second time has the same id as before. So do the alerts of another watcher of the
 * same bus. What cannot be read or published now is tried again.
 */
export function watchAlerts(bus: WatchedBus, options: WatchAlertsOptions): AlertWatch {
  const watch = new Watch(bus, options);
  return { active: () => watch.monitor.active(), ready: watch.ready, close: () => watch.close() };
}

function isClosed(thrown: unknown): boolean {
  return thrown instanceof BusError && thrown.code === "closed";
}

/** Milliseconds of history that rules need to know where they stand. */
function lookBackMs(rules: readonly CheckedRule[]): number {
  return rules.some((rule) => rule.kind === "cost" && rule.per !== "flow") ? dayMs : hourMs;
}

class Watch {
  readonly ready: Promise<void>;
  monitor: AlertMonitor;
  readonly #bus: WatchedBus;
  readonly #options: WatchAlertsOptions;
  readonly #clock: Clock;
  readonly #ending = new AbortController();
  readonly #running: Promise<void>;
  #timer: Timer;
  /** Alerts on their way, in order. */
  #publishing: Promise<void> = Promise.resolve();
  #isReady = false;
  #setReady = () => {};

  constructor(bus: WatchedBus, options: WatchAlertsOptions) {
    this.#bus = bus;
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.monitor = new AlertMonitor(options.rules, options);
    this.ready = new Promise((resolve) => {
      this.#setReady = resolve;
    });
    this.#running = this.#run();
  }

  async close(): Promise<void> {
    this.#ending.abort();
    this.#clock.clearTimer(this.#timer);
    await this.#running;
    await this.#publishing;
    this.#setReady();
  }

  async #run(): Promise<void> {
    const { signal } = this.#ending;
    while (!signal.aborted) {
      try {
        await this.#follow(signal);
      } catch (thrown) {
        if (signal.aborted || isClosed(thrown)) return;
        this.#warn("alerts: history cannot be read; it is tried again", thrown);
        await this.#pause();
      }
    }
  }

  /** Reads the past and then what comes. A second time it begins anew: what it finds again has the same ids. */
  async #follow(signal: AbortSignal): Promise<void> {
    const { history } = this.#bus;
    const since = new Date(this.#clock.now() - lookBackMs(this.#options.rules));
    this.#clock.clearTimer(this.#timer);
    this.#isReady = false;
    const monitor = new AlertMonitor(this.#options.rules, this.#options);
    // Before the newest event is asked for: what comes in between is in the tail.
    const events = history.tail({}, { since, signal });
    for await (const alert of this.#published()) monitor.restore(alert);
    this.monitor = monitor;
    const [newest] = (await history.query({ since, limit: 1 })).events;
    if (newest === undefined) this.#start();
    for await (const event of events) {
      this.#publish(this.monitor.observe(this.#notInTheFuture(event)));
      if (event.id === newest?.id) this.#start();
    }
  }

  /** A publisher's clock may be wrong. */
  #notInTheFuture(event: Event): Event {
    const now = this.#clock.now();
    return Date.parse(event.time) > now ? { ...event, time: new Date(now).toISOString() } : event;
  }

  /** The alerts that may be active still, oldest first. */
  async *#published(): AsyncGenerator<Alert> {
    const since = new Date(this.#clock.now() - alertsMs);
    let cursor: string | undefined;
    do {
      const paged = { limit: pageSize, ...(cursor === undefined ? {} : { cursor }) };
      const page = await this.#bus.history.query({ type: alertType, since, order: "oldest", ...paged });
      for (const event of page.events) {
        const alert = parseAlert(event);
        if (alert !== undefined) yield alert;
      }
      cursor = page.cursor;
    } while (cursor !== undefined);
  }

  /** From now on time passes, and the subscriptions are looked at. */
  #start(): void {
    if (this.#isReady) return;
    this.#isReady = true;
    this.#setReady();
    this.#look();
  }

  #look(): void {
    this.#timer = this.#clock.setTimer(() => void this.#lookOnce(), this.#options.everyMs ?? 5_000);
  }

  async #lookOnce(): Promise<void> {
    const { monitor } = this;
    const leftOut = monitor.leftOut;
    this.#publish(monitor.advance(this.#clock.now()));
    try {
      if (this.#options.rules.some(({ kind }) => kind === "backlog" || kind === "dead-letters")) {
        this.#publish(monitor.measure(await this.#bus.subscriptions.list(), this.#clock.now()));
      }
    } catch (thrown) {
      if (!this.#ending.signal.aborted && !isClosed(thrown))
        this.#warn("alerts: the subscriptions cannot be looked at", thrown);
    }
    if (monitor.leftOut > leftOut) {
      this.#options.logger.warn("alerts: more are active than `most` of their rule allows; the others are left out");
    }
    if (this.#isReady && monitor === this.monitor && !this.#ending.signal.aborted) this.#look();
  }

  #publish(alerts: readonly Alert[]): void {
    for (const alert of alerts) this.#publishing = this.#publishing.then(() => this.#publishOne(alert));
  }

  async #publishOne(alert: Alert): Promise<void> {
    const source = this.#options.source ?? "waggle-alerts";
    for (;;) {
      try {
        if (await publishAlert(this.#bus, alert, source)) await this.#publishFact(alert, source);
        return;
      } catch (thrown) {
        if (this.#ending.signal.aborted || isClosed(thrown)) return;
        this.#warn(`alerts: ${alert.alert ?? alert.metric} cannot be published; it is tried again`, thrown);
        await this.#pause();
      }
    }
  }

  /** The catalog has types of their own for two of them. */
  async #publishFact(alert: Alert, source: string): Promise<void> {
    const { metric, state, subject, value, threshold, atMs } = alert;
    if (state !== "raised") return;
    const id = alertId(alert);
    const draft = { id: `${id}-fact`, time: new Date(atMs).toISOString(), source };
    const metadata = { correlationId: id, causationId: id };
    if (metric === "cost") {
      const data = { amount: value, limit: threshold, subject };
      await this.#bus.publish({ ...draft, type: systemCostThresholdReached.type, data, metadata });
    } else if (metric === "flow.repeats" || metric === "flow.events") {
      const reason = metric === "flow.repeats" ? `the same was published ${value} times` : `${value} events`;
      const counts = metric === "flow.events" ? { events: value } : {};
      const data = { reason, subject, ...counts };
      await this.#bus.publish({ ...draft, type: systemLoopDetected.type, data, metadata });
    }
  }

  #warn(message: string, thrown: unknown): void {
    this.#options.logger.warn(message, { reason: messageOf(thrown) });
  }

  #pause(): Promise<void> {
    const { signal } = this.#ending;
    return new Promise((resolve) => {
      const done = () => {
        this.#clock.clearTimer(timer);
        signal.removeEventListener("abort", done);
        resolve();
      };
      const timer = this.#clock.setTimer(done, retryMs);
      signal.addEventListener("abort", done, { once: true });
    });
  }
}
