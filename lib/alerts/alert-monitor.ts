import type { SubscriptionState } from "../engine/subscription-store.ts";
import type { Event } from "../event/event.ts";
import type { Alert } from "./alert.ts";
import { AlertBook } from "./alert-book.ts";
import { ignoresType, parseAlert } from "./alert-event.ts";
import type { Detector } from "./detector.ts";
import { detectorOf } from "./detectors/index.ts";
import { type FlowState, FlowTable } from "./flow-table.ts";
import type { CheckedRule } from "./rules/rules.ts";

/** A rule at work. */
interface Watch {
  readonly detector: Detector;
  readonly book: AlertBook;
}

/** Settings of a monitor; each has a default. */
export interface MonitorOptions {
  /** Flows that are watched at once; the one that was silent for longest is forgotten. Default 1,000,000. */
  readonly mostFlows?: number;
  /** Milliseconds of silence after which a flow is forgotten, and what was raised on it cleared. Default 1 day. */
  readonly forgetAfterMs?: number;
}

/**
 * Runs rules over events, in memory: it reads nothing, publishes nothing and has no clock. Its time is the latest that it was
 * told, and never goes back.
 */
export class AlertMonitor {
  readonly #watches: ReadonlyMap<string, Watch>;
  readonly #flows: FlowTable;
  readonly #forgetAfterMs: number;
  #nowMs = Number.NEGATIVE_INFINITY;

  constructor(
    rules: readonly CheckedRule[],
    { mostFlows = 1_000_000, forgetAfterMs = 86_400_000 }: MonitorOptions = {},
  ) {
    this.#watches = new Map(
      rules.map((rule) => [rule.name, { detector: detectorOf(rule), book: new AlertBook(rule) }]),
    );
    this.#forgetAfterMs = forgetAfterMs;
    this.#flows = new FlowTable(mostFlows, (flow) => {
      for (const { detector, book } of this.#watches.values()) detector.forget?.(flow, book);
    });
  }

  /** Flows that are watched. */
  get flows(): number {
    return this.#flows.size;
  }

  /** What is known of a flow; undefined where it is not watched. */
  flow(id: string): Readonly<FlowState> | undefined {
    return this.#flows.get(id);
  }

  /** Alerts that were left out, because too many of their rule were active. */
  get leftOut(): number {
    return [...this.#watches.values()].reduce((sum, { book }) => sum + book.leftOut, 0);
  }

  /** Takes an event in; gives the alerts that are due. An alert's event tells what others have raised or cleared. */
  observe(event: Pick<Event, "id" | "type" | "source" | "data" | "metadata" | "time">): Alert[] {
    const alert = parseAlert(event);
    if (alert !== undefined) this.restore(alert);
    if (ignoresType(event.type)) return [];
    const watched = { ...event, atMs: Date.parse(event.time) };
    const due = this.advance(watched.atMs);
    const flow = this.#flows.observe(watched);
    for (const { detector, book } of this.#watches.values()) detector.observe?.(watched, flow, book);
    due.push(...this.#take());
    return due;
  }

  /** The time has come to `nowMs`, in milliseconds since 1970; gives the alerts that are due. */
  advance(nowMs: number): Alert[] {
    if (nowMs <= this.#nowMs) return [];
    this.#nowMs = nowMs;
    for (const { detector, book } of this.#watches.values()) detector.advance?.(nowMs, book);
    this.#flows.forgetBefore(nowMs - this.#forgetAfterMs);
    return this.#take();
  }

  /** Takes in how the subscriptions stand at a time; gives the alerts that are due. */
  measure(states: readonly SubscriptionState[], nowMs: number): Alert[] {
    for (const { detector, book } of this.#watches.values()) detector.measure?.(states, nowMs, book);
    return this.#take();
  }

  /** Clears alerts on flows that are not watched, a day after they were raised: nobody else would. To be called once the past is read. */
  forgetUnseen(nowMs: number): Alert[] {
    for (const { book } of this.#watches.values()) {
      for (const { subject, atMs, metric } of book.active()) {
        const isOfFlow = metric.startsWith("flow.") || metric === "event.result";
        if (!isOfFlow || atMs >= nowMs - this.#forgetAfterMs || this.#flows.get(subject) !== undefined) continue;
        book.clear(subject, nowMs, 0);
      }
    }
    return this.#take();
  }

  /** Takes in an alert that was published. */
  restore(alert: Alert): void {
    this.#watches.get(alert.alert)?.book.restore(alert);
  }

  /** What is raised and not cleared. */
  active(): Alert[] {
    return [...this.#watches.values()].flatMap(({ book }) => book.active());
  }

  #take(): Alert[] {
    return [...this.#watches.values()].flatMap(({ book }) => book.take());
  }
}
