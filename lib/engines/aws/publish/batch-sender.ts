import { backoffMs } from "../../../delivery/backoff.ts";
import { type BusError, toBusError } from "../../../error/bus-error.ts";
import type { Clock, Timer } from "../../../runtime/clock.ts";
import { type BatchTarget, type GivenUp, mostEntries, type RetryBudget } from "./batch-target.ts";
import { Outage } from "./outage.ts";
import { Outbox, type Pending } from "./outbox.ts";
import { SendWindow } from "./send-window.ts";

/** Requests under way up to which one that is not full goes at once; beyond, a fuller one costs less. */
const eagerRequests = 4;
/** Milliseconds for which one that is not full waits for company at most. */
const gatherMs = 10;
const backoff = { from: 100, to: 5_000 };

/**
 * Brings items to a service in full batches across concurrent callers. The first goes at once, with what came in the same
 * turn of the event loop; callers gather while requests are under way. An entry that failed is sent again, after a delay
 * that doubles, until it succeeds, its error is final, or retryBudget ends; its batch-mates are not. A request that failed as
 * a whole may have been taken all the same (the answer was lost), so entries can arrive twice: at least once.
 */
export class BatchSender<Item, Entry> {
  readonly #target: BatchTarget<Item, Entry>;
  readonly #retryBudget: RetryBudget;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #window: SendWindow;
  readonly #outbox: Outbox<Item, Entry>;
  readonly #outage = new Outage();
  #underWay = 0;
  #open = 0;
  #scheduled = false;
  #overdue = false;
  #timer: { readonly handle: Timer; readonly at: number } | undefined;
  #idle: (() => void)[] = [];

  constructor(
    target: BatchTarget<Item, Entry>,
    retryBudget: RetryBudget,
    { clock, random }: { clock: Clock; random: () => number },
  ) {
    this.#target = target;
    this.#retryBudget = retryBudget;
    this.#clock = clock;
    this.#random = random;
    this.#window = new SendWindow(target.maxRequests, { clock, random });
    this.#outbox = new Outbox(target.maxBytes);
  }

  /** Takes an item. `urgent`: before all that is not. */
  add(item: Item, urgent: boolean): void {
    this.#open += 1;
    this.#outbox.add(item, urgent, this.#clock.now());
    this.#schedule();
  }

  /** Resolves once all that was added is done. */
  async idle(): Promise<void> {
    if (this.#open > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  /** At the end of this turn of the event loop: what many callers add in it goes together. */
  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#sendAll();
    });
  }

  #sendAll(): void {
    while (this.#underWay < this.#window.limit) {
      const waiting = this.#outbox.size;
      if (waiting === 0) return;
      const { pause } = this.#window;
      const gathering = waiting < mostEntries && this.#underWay >= eagerRequests && !this.#overdue;
      if (pause > 0 || gathering) {
        this.#wakeIn(pause || gatherMs);
        return;
      }
      this.#overdue = false;
      const batch = this.#outbox.next(this.#isReady);
      if (batch.length > 0) void this.#send(batch);
    }
  }

  #wakeIn(ms: number): void {
    const at = this.#clock.now() + ms;
    if (this.#timer !== undefined) {
      if (this.#timer.at <= at) return;
      this.#clock.clearTimer(this.#timer.handle);
    }
    const wake = () => {
      this.#timer = undefined;
      this.#overdue = true;
      this.#sendAll();
    };
    this.#timer = { handle: this.#clock.setTimer(wake, ms, { keepAlive: true }), at };
  }

  /** Whether it can be sent; false where it is given up. */
  readonly #isReady = (pending: Pending<Item, Entry>): boolean =>
    !this.#isHopeless(pending) && (pending.entry !== undefined || this.#makeEntry(pending));

  /** False where it is unfit, and given up. */
  #makeEntry(pending: Pending<Item, Entry>): boolean {
    try {
      pending.entry = this.#target.entryOf(pending.item);
      pending.bytes = this.#target.bytesOf(pending.entry, pending.item);
      return true;
    } catch (thrown) {
      this.#end(pending, { error: toBusError(thrown), since: pending.since, attempts: 0, failures: [] });
      return false;
    }
  }

  /** Given up unsent, as nothing has got through for as long as one would be tried: its caller should know. */
  #isHopeless(pending: Pending<Item, Entry>): boolean {
    if (pending.attempts > 0) return false;
    const { since } = pending;
    const now = this.#clock.now();
    const error = this.#outage.errorAfter(this.#retryBudget.forMs, since, now);
    if (error === undefined) return false;
    this.#end(pending, { error, since, attempts: 0, failures: [{ error, at: now, attempt: 0 }] });
    return true;
  }

  async #send(batch: readonly Pending<Item, Entry>[]): Promise<void> {
    const entries: Entry[] = [];
    const now = this.#clock.now();
    for (const pending of batch) {
      if (pending.entry !== undefined) entries.push(pending.entry);
      if (pending.attempts === 0) pending.sentAt = now;
      pending.attempts += 1;
    }
    this.#underWay += 1;
    const begun = this.#window.begin();
    try {
      const errors = await this.#target.send(entries);
      this.#underWay -= 1;
      this.#answered(batch, errors, begun);
    } catch (thrown) {
      this.#underWay -= 1;
      const error = toBusError(thrown);
      if (batch.length > 1 && this.#target.mayBeOneEntry(error)) this.#sendAlone(batch);
      else this.#answered(batch, Array<BusError>(batch.length).fill(error), begun);
    }
    this.#schedule();
  }

  #answered(batch: readonly Pending<Item, Entry>[], errors: readonly (BusError | undefined)[], begun: number): void {
    if (errors.length === 0) {
      this.#outage.end();
      this.#window.succeeded();
      for (const pending of batch) this.#end(pending);
      return;
    }
    const again: Pending<Item, Entry>[] = [];
    let last: BusError | undefined;
    let throttled = false;
    let worst = 0;
    const now = this.#clock.now();
    for (const [index, pending] of batch.entries()) {
      const error = errors[index];
      if (error === undefined) {
        this.#outage.end();
        this.#end(pending);
        continue;
      }
      throttled ||= error.code === "throttled";
      pending.failures = [...pending.failures, { error, at: now, attempt: pending.attempts }];
      if (!error.retryable || this.#isExhausted(pending, now)) {
        this.#end(pending, { error, since: pending.since, attempts: pending.attempts, failures: pending.failures });
        continue;
      }
      last = error;
      again.push(pending);
      worst = Math.max(worst, pending.attempts);
    }
    if (throttled) this.#window.throttled(begun);
    else if (last === undefined) this.#window.succeeded();
    if (last === undefined) return;
    if (again.length === batch.length) this.#outage.goesOn(last, now);
    // One delay for all of them, so that they fill a batch again.
    this.#clock.setTimer(() => this.#sendAgain(again), backoffMs(backoff, worst, this.#random), { keepAlive: true });
  }

  #isExhausted(pending: Pending<Item, Entry>, now: number): boolean {
    return pending.attempts >= this.#retryBudget.attempts || now - pending.sentAt >= this.#retryBudget.forMs;
  }

  /** That the whole request was refused counts for none of them. */
  #sendAlone(batch: readonly Pending<Item, Entry>[]): void {
    for (const pending of batch) {
      pending.alone = true;
      pending.attempts -= 1;
    }
    this.#outbox.again(batch);
  }

  #sendAgain(again: readonly Pending<Item, Entry>[]): void {
    this.#outbox.again(again);
    this.#schedule();
  }

  #end(pending: Pending<Item, Entry>, givenUp?: GivenUp): void {
    this.#open -= 1;
    this.#target.ended(pending.item, givenUp);
    if (this.#open > 0) return;
    for (const resolve of this.#idle.splice(0)) resolve();
  }
}
