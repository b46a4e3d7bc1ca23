import type { Bus } from "../bus/bus.ts";
import { BusError } from "../error/bus-error.ts";
import { messageOf } from "../error/message-of.ts";
import type { Event } from "../event/event.ts";
import { type Clock, systemClock, type Timer } from "../runtime/clock.ts";
import type { Logger } from "../runtime/logger.ts";
import type { Alert } from "./alert.ts";
import { AlertMonitor, type MonitorOptions } from "./alert-monitor.ts";
import { lookBackWith, publishedAlerts } from "./look-back.ts";
import { type AlertBus, publishAlert } from "./publish-alerts.ts";
import type { CheckedRule } from "./rules/rules.ts";

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

const retryMs = 5_000;

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
    const { rules } = this.#options;
    this.#clock.clearTimer(this.#timer);
    this.#isReady = false;
    const monitor = new AlertMonitor(rules, this.#options);
    const now = this.#clock.now();
    for await (const alert of publishedAlerts(history, now)) monitor.restore(alert);
    const since = new Date(lookBackWith(rules, monitor.active(), now));
    // Before the newest event is asked for: what comes in between is in the tail.
    const events = history.tail({}, { since, signal });
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
    this.#publish(monitor.forgetUnseen(this.#clock.now()));
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
        await publishAlert(this.#bus, alert, source);
        return;
      } catch (thrown) {
        if (this.#ending.signal.aborted || isClosed(thrown)) return;
        this.#warn(`alerts: ${alert.alert} cannot be published; it is tried again`, thrown);
        await this.#pause();
      }
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
