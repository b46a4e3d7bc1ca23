import { Router } from "../../delivery/router.ts";
import type { Event } from "../../event/event.ts";
import type { SubscriptionRecord } from "../../subscription/subscription.ts";
import { type DeliveryState, DeliveryStates, labelOf, nameOf } from "./delivery-state.ts";
import type { Find, Finding } from "./finding.ts";
import type { AttemptNote, Ledger, Note, NotedSubscription } from "./note.ts";
import { type Acceptance, RunningAttempts } from "./running-attempts.ts";

/** Options of {@link checkHistory}. */
export interface CheckOptions {
  /** Whether the ledger ends when nothing is under way: then all that was accepted must have ended. Default true. */
  readonly complete?: boolean;
  /**
   * The ids of history in order of acceptance: then order is checked exactly, and so is that the store has what was accepted, and
   * a dead letter for each delivery that failed for good; the ledger must have the notes of those.
   * Without it, of two events the one whose publish had resolved before the other's began must come first. `false` where the
   * engine promises no order of acceptance, as EventBridge: then only what runs at once is checked.
   */
  readonly order?: readonly string[] | false;
  /** The same in any order, where `order` is `false`. */
  readonly history?: readonly string[];
  /** Who shares `concurrency`: all processes (default), or each has its own, as on aws. */
  readonly concurrency?: "all" | "process";
}

/** The longest time in milliseconds by which a clock may run before its timer. */
const toleranceMs = 1;

type NoteOf<Kind extends Note["kind"]> = Extract<Note, { kind: Kind }>;

interface Offer {
  readonly event: Event;
  /** Its place in the ledger. */
  readonly index: number;
  /** Who wants it. */
  readonly to: readonly string[];
  readonly history: boolean;
}

/**
 * Judges what happened on a bus, by the contract: what was accepted succeeded once in each subscription that wants it, or is a
 * dead letter after its last attempt; attempts never overlap; order per key is kept. Gives what was broken: nothing, for a bus
 * that keeps its promises. It works on the history of any engine and of any number of processes, as long as the notes are in
 * the order in which things happened.
 */
export function checkHistory(ledger: Ledger, options: CheckOptions = {}): Finding[] {
  const check = new HistoryCheck(ledger, options);
  for (const [index, note] of ledger.entries()) check.take(note, index);
  return check.end();
}

class HistoryCheck {
  readonly #findings: Finding[] = [];
  readonly #options: CheckOptions;
  readonly #positions: ReadonlyMap<string, number> | undefined;
  /** Whether the notes say what the engine recorded; else what a handler returned counts as recorded. */
  readonly #knowsSettled: boolean;
  readonly #router = new Router();
  readonly #subscriptions = new Map<string, NotedSubscription>();
  /** Subscriptions that end with their process, or were deleted. */
  readonly #notOwed = new Set<string>();
  readonly #offered = new Map<string, Offer>();
  readonly #accepted = new Map<string, number>();
  readonly #deliveries = new DeliveryStates();
  readonly #running: RunningAttempts;
  readonly #crashed = new Set<string>();

  constructor(ledger: Ledger, options: CheckOptions) {
    const { concurrency = "all", history, order } = options;
    this.#options = options;
    this.#running = new RunningAttempts(this.#find, concurrency);
    this.#knowsSettled = ledger.some(({ kind }) => kind === "settled");
    const ids = order === undefined || order === false ? history : order;
    if (ids === undefined) return;
    const positions = new Map<string, number>();
    for (const [position, event] of ids.entries()) {
      if (positions.has(event)) this.#find("history", `history has event ${event} more than once`, { event });
      positions.set(event, position);
    }
    this.#positions = positions;
  }

  take(note: Note, index: number): void {
    switch (note.kind) {
      case "subscribed":
        this.#subscribe(note);
        break;
      case "unsubscribed":
        this.#notOwed.add(note.subscription);
        this.#router.delete(note.subscription);
        break;
      case "offered":
        this.#offer(note, index);
        break;
      case "accepted":
        if (!this.#accepted.has(note.event)) this.#accepted.set(note.event, index);
        break;
      case "crashed":
        this.#crashed.add(note.process);
        this.#deliveries.crash(note.process);
        this.#running.crash(note.process);
        break;
      case "started":
        this.#start(note);
        break;
      case "settled":
        this.#settle(note);
        break;
      case "dead":
        this.#dead(note);
        break;
      default:
        this.#end(note);
    }
  }

  end(): Finding[] {
    if (this.#options.complete === false) return this.#findings;
    for (const event of this.#accepted.keys()) this.#checkEnded(event);
    for (const delivery of this.#deliveries.values()) {
      for (const process of delivery.open) this.#find("lost", `${nameOf(delivery)} still runs in ${process}`, delivery);
    }
    return this.#findings;
  }

  #subscribe({ ephemeral, subscription }: NoteOf<"subscribed">): void {
    this.#subscriptions.set(subscription.name, subscription);
    this.#router.set(toRecord(subscription));
    if (ephemeral === true) this.#notOwed.add(subscription.name);
    this.#running.subscribe(subscription);
  }

  #offer({ event, history = true }: NoteOf<"offered">, index: number): void {
    if (this.#offered.has(event.id)) return;
    const to = this.#router.route(event).map(({ name }) => name);
    this.#offered.set(event.id, { event, index, to, history });
  }

  #start(note: NoteOf<"started">): void {
    const { attempt, event: id, process, redriven = false, replay, subscription: name } = note;
    const delivery = this.#deliveries.of(note);
    const offered = this.#offered.get(id);
    const subscription = this.#subscriptions.get(name);
    if (offered === undefined) {
      this.#find("unknown", `${labelOf(note)} began with an event that nobody published`, note);
      return;
    }
    if (redriven && attempt === 1 && delivery.settled === "dead") {
      Object.assign(delivery, { attempt: 0, counts: false, settled: undefined, final: false, dead: 0 });
    }
    this.#checkTime(note, offered.event);
    this.#checkAttempt(note, delivery, subscription);
    if (replay === undefined && !this.#router.route(offered.event).some((one) => one.name === name)) {
      this.#find("misrouted", `${labelOf(note)}: the subscription does not want the event`, note);
    }
    for (const other of delivery.open) {
      this.#find("overlap", `${labelOf(note)} began in ${process} while one ran in ${other}`, note);
    }
    delivery.attempt = Math.max(delivery.attempt, attempt);
    // What a process began in the instant before a kill reached it has ended with it.
    delivery.counts = this.#crashed.has(process);
    if (delivery.counts) return;
    this.#deliveries.begin(delivery, process);
    const accepted = replay === undefined && !redriven ? this.#acceptance(id, offered) : undefined;
    this.#running.begin(note, offered.event, subscription, accepted);
  }

  #checkTime(note: NoteOf<"started">, { metadata: { deliverAt, expiresAt } }: Event): void {
    if (deliverAt !== undefined && note.at < Date.parse(deliverAt) - toleranceMs) {
      this.#find("early", `${labelOf(note)} began ${Date.parse(deliverAt) - note.at} ms before ${deliverAt}`, note);
    }
    if (expiresAt !== undefined && note.at > Date.parse(expiresAt) + toleranceMs) {
      this.#find("expired", `${labelOf(note)} began though the event had expired at ${expiresAt}`, note);
    }
  }

  #checkAttempt(note: AttemptNote, delivery: DeliveryState, subscription: NotedSubscription | undefined): void {
    const { succeededIn, settled } = delivery;
    const hasSucceeded = this.#knowsSettled
      ? settled === "done"
      : succeededIn !== undefined && !this.#crashed.has(succeededIn);
    if (hasSucceeded && subscription?.idempotent !== false) {
      this.#find("twice", `${labelOf(note)} began after the delivery had succeeded`, note);
    }
    if (settled === "dropped") this.#find("twice", `${labelOf(note)} began after the delivery had been dropped`, note);
    if (settled === "dead") {
      this.#find("dead-letter", `${labelOf(note)} began after the delivery had become a dead letter`, note);
    }
    if (subscription?.attempts !== undefined && note.attempt > subscription.attempts) {
      this.#find("attempts", `${labelOf(note)} is beyond the limit of ${subscription.attempts}`, note);
    }
    if (note.attempt < Math.max(1, delivery.attempt + (delivery.counts ? 1 : 0))) {
      this.#find("attempts", `${labelOf(note)} began after attempt ${delivery.attempt}, which does not count`, note);
    }
  }

  #acceptance(id: string, { index }: Offer): Acceptance | undefined {
    if (this.#options.order === false) return undefined;
    if (this.#positions === undefined) {
      return { from: index, until: this.#accepted.get(id) ?? Number.POSITIVE_INFINITY };
    }
    const position = this.#positions.get(id);
    return position === undefined ? undefined : { from: position, until: position };
  }

  #end(note: NoteOf<"succeeded" | "failed">): void {
    const delivery = this.#deliveries.of(note);
    if (this.#crashed.has(note.process)) {
      // The note of the kill came before it: what was done until then may have been recorded.
      if (note.kind === "succeeded") delivery.succeededIn = note.process;
      return;
    }
    if (!this.#deliveries.end(delivery, note.process)) {
      this.#find("unknown", `${labelOf(note)} ended in ${note.process}, where it had not begun`, note);
    }
    if (note.kind === "succeeded") delivery.succeededIn = note.process;
    else if (note.final === true) delivery.final = true;
    const offered = this.#offered.get(note.event);
    if (offered !== undefined) this.#running.end(note, offered.event);
  }

  #settle(note: NoteOf<"settled">): void {
    const delivery = this.#deliveries.of(note);
    const { attempt, outcome, subscription } = note;
    const limit = this.#subscriptions.get(subscription)?.attempts;
    if (outcome === "done" && delivery.succeededIn === undefined) {
      this.#find("lost", `${labelOf(note)} was recorded as done, and no attempt has succeeded`, note);
    }
    if (outcome === "done" && delivery.settled === "done") {
      this.#find("twice", `${labelOf(note)} succeeded a second time`, note);
    }
    if (outcome === "dead" && limit !== undefined && attempt < limit && !delivery.final) {
      this.#find("dead-letter", `${labelOf(note)} of ${limit} was the last one`, note);
    }
    if (outcome === "retry") delivery.counts = true;
    else if (outcome !== "released") delivery.settled = outcome;
  }

  #dead(note: NoteOf<"dead">): void {
    const delivery = this.#deliveries.of(note);
    const subscription = this.#subscriptions.get(note.subscription);
    const limit = subscription?.attempts;
    const isOverflow = subscription?.maxBacklog !== undefined && note.attempt === 0;
    delivery.dead += 1;
    if (delivery.dead > 1) this.#find("dead-letter", `${nameOf(note)} is a dead letter twice`, note);
    if (delivery.settled === "done") {
      this.#find("dead-letter", `${nameOf(note)} is a dead letter, though it had succeeded`, note);
    }
    if (limit !== undefined && note.attempt < limit && !delivery.final && !isOverflow) {
      this.#find("dead-letter", `${nameOf(note)} is a dead letter after ${note.attempt} of ${limit} attempts`, note);
    }
    delivery.settled ??= "dead";
  }

  #checkEnded(event: string): void {
    const offered = this.#offered.get(event);
    if (offered === undefined) return;
    if (this.#positions !== undefined && offered.history && !this.#positions.has(event)) {
      this.#find("history", `event ${event} was accepted, and history does not have it`, { event });
    }
    if (offered.event.metadata.expiresAt !== undefined) return;
    for (const subscription of offered.to) {
      if (this.#notOwed.has(subscription)) continue;
      const about = { event, subscription };
      const delivery = this.#deliveries.find(subscription, event);
      if (delivery === undefined) this.#find("lost", `${nameOf(about)} was never tried`, about);
      // A success may have been recorded just before its process ended, which nobody was told.
      else if (delivery.dead === 0 && delivery.settled === undefined && delivery.succeededIn === undefined) {
        this.#find("lost", `${nameOf(about)} has not ended after attempt ${delivery.attempt}`, about);
      } else if (this.#positions !== undefined && delivery.settled === "dead" && delivery.dead === 0) {
        this.#find("lost", `${nameOf(about)} failed for good, and there is no dead letter`, about);
      }
    }
  }

  readonly #find: Find = (rule, message, about = {}) => {
    const { event, subscription } = about;
    this.#findings.push({
      rule,
      message,
      ...(event === undefined ? {} : { event }),
      ...(subscription === undefined ? {} : { subscription }),
    });
  };
}

/** For the router, which looks at no more of it than what is noted. */
function toRecord({ name, on, where }: NotedSubscription): SubscriptionRecord {
  const defaults = { attempts: 1, backoff: { from: 0, to: 0 }, timeout: 0, concurrency: 1, idempotent: true };
  return { name, on, ...(where === undefined ? {} : { where }), ...defaults, dedupeFor: 0, from: "now" };
}
