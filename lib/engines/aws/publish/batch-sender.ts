import { backoffMs } from "../../../bus/backoff.ts";
import type { Clock, Timer } from "../../../bus/clock.ts";
import { Fifo } from "../../../bus/fifo.ts";
import { type BusError, toBusError } from "../../../error/bus-error.ts";
import { SendWindow } from "./send-window.ts";

/** A service that takes entries in batches, and says for each whether it did. */
export interface BatchTarget<Item, Entry> {
  /** Bytes of the entries of one request. */
  readonly maxBytes: number;
  /** Requests under way at once, where nothing is throttled. */
  readonly maxRequests: number;
  /**
   * The entry of an item. Called when a batch is made: what waits costs no more than its item. Throws what makes the item
   * unfit to be sent.
   */
  entryOf(item: Item): Entry;
  /** As the service counts them. */
  bytesOf(entry: Entry): number;
  /**
   * Sends one request. Gives an error in the place of each entry that failed, and nothing at all where none did; rejects
   * where the request failed as a whole.
   */
  send(entries: readonly Entry[]): Promise<readonly (BusError | undefined)[]>;
  /** An error that a request of several entries may owe to one of them. */
  mayBeOneEntry(error: BusError): boolean;
}

/** How long is tried. */
export interface Patience {
  /** Times that an entry is sent. */
  readonly attempts: number;
  /** Milliseconds from the first time on, after which it is not sent again. */
  readonly forMs: number;
}

/** Why an item was given up: its errors, oldest first; none where it was unfit to be sent. */
export interface GivenUp {
  /** The last one. */
  readonly error: BusError;
  /** Milliseconds since 1970: when it was added. */
  readonly since: number;
  /** Times that it was sent; 0 where nothing got through while it waited. */
  readonly attempts: number;
  readonly failures: readonly Failed[];
}

interface Failed {
  readonly error: BusError;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly attempt: number;
}

/** Called once for each item: when it is sent, or given up. */
export type Done = (givenUp?: GivenUp) => void;

interface Pending<Item, Entry> {
  readonly item: Item;
  readonly done: Done;
  readonly since: number;
  /** Made when it is first put into a batch, and its bytes. */
  entry: Entry | undefined;
  bytes: number;
  attempts: number;
  sentAt: number;
  failures: readonly Failed[];
  /** Whether it goes in a request of its own, as its batch was refused as a whole. */
  alone: boolean;
}

/** Entries of a request: both EventBridge and SQS take ten. */
const most = 10;
/** Requests under way up to which one that is not full goes at once; beyond, a fuller one costs less. */
const eagerRequests = 4;
/** Milliseconds for which one that is not full waits for company at most. */
const gatherMs = 10;
/** Of what has not failed, as nearly all have not: one for all of them. */
const none: readonly Failed[] = [];
const backoff = { from: 100, to: 5_000 };

/**
 * Brings items to a service in full batches across concurrent callers. The first goes at once, with what came in the same
 * turn of the event loop; callers gather while requests are under way. An entry that failed is sent again, after a delay
 * that doubles, until it succeeds, its error is final, or patience ends; its batch-mates are not. A request that failed as
 * a whole may have been taken all the same (the answer was lost), so entries can arrive twice: at least once.
 */
export class BatchSender<Item, Entry> {
  readonly #target: BatchTarget<Item, Entry>;
  readonly #patience: Patience;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #window: SendWindow;
  /** Sent before, or taken out and left over. */
  #first: Pending<Item, Entry>[] = [];
  readonly #urgent = new Fifo<Pending<Item, Entry>>();
  readonly #others = new Fifo<Pending<Item, Entry>>();
  #underWay = 0;
  #open = 0;
  #scheduled = false;
  #overdue = false;
  #timer: { readonly handle: Timer; readonly at: number } | undefined;
  #failingSince: number | undefined;
  #lastError: BusError | undefined;
  #idle: (() => void)[] = [];

  constructor(
    target: BatchTarget<Item, Entry>,
    patience: Patience,
    { clock, random }: { clock: Clock; random: () => number },
  ) {
    this.#target = target;
    this.#patience = patience;
    this.#clock = clock;
    this.#random = random;
    this.#window = new SendWindow(target.maxRequests, { clock, random });
  }

  /** Takes an item. `urgent`: before all that is not. */
  add(item: Item, urgent: boolean, done: Done): void {
    this.#open += 1;
    (urgent ? this.#urgent : this.#others).push({
      item,
      done,
      since: this.#clock.now(),
      entry: undefined,
      bytes: 0,
      attempts: 0,
      sentAt: 0,
      failures: none,
      alone: false,
    });
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
      const waiting = this.#first.length + this.#urgent.size + this.#others.size;
      if (waiting === 0) return;
      const { pause } = this.#window;
      const gathering = waiting < most && this.#underWay >= eagerRequests && !this.#overdue;
      if (pause > 0 || gathering) {
        this.#wakeIn(pause || gatherMs);
        return;
      }
      this.#overdue = false;
      const batch = this.#nextBatch();
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

  /** Up to ten that fit together, the ones sent before first. May be empty where what was next is given up. */
  #nextBatch(): Pending<Item, Entry>[] {
    const taken = this.#first.splice(0, most);
    for (const queue of [this.#urgent, this.#others]) {
      if (taken.length < most) taken.push(...queue.take(most - taken.length));
    }
    const batch: Pending<Item, Entry>[] = [];
    const leftOver: Pending<Item, Entry>[] = [];
    let bytes = 0;
    for (const pending of taken) {
      if (this.#hopeless(pending)) continue;
      if (pending.entry === undefined && !this.#make(pending)) continue;
      const fits = batch.length === 0 || (!pending.alone && bytes + pending.bytes <= this.#target.maxBytes);
      if (!fits || batch[0]?.alone === true) {
        leftOver.push(pending);
        continue;
      }
      batch.push(pending);
      bytes += pending.bytes;
    }
    if (leftOver.length > 0) this.#first.unshift(...leftOver);
    return batch;
  }

  /** Makes its entry. False where it is unfit, and given up. */
  #make(pending: Pending<Item, Entry>): boolean {
    try {
      pending.entry = this.#target.entryOf(pending.item);
      pending.bytes = this.#target.bytesOf(pending.entry);
      return true;
    } catch (thrown) {
      this.#end(pending, { error: toBusError(thrown), since: pending.since, attempts: 0, failures: none });
      return false;
    }
  }

  /** Given up unsent, as nothing has got through for as long as one would be tried: its caller should know. */
  #hopeless(pending: Pending<Item, Entry>): boolean {
    const error = this.#lastError;
    if (this.#failingSince === undefined || error === undefined || pending.attempts > 0) return false;
    if (this.#clock.now() - Math.max(this.#failingSince, pending.since) < this.#patience.forMs) return false;
    this.#end(pending, {
      error,
      since: pending.since,
      attempts: 0,
      failures: [{ error, at: this.#clock.now(), attempt: 0 }],
    });
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
      this.#failingSince = undefined;
      this.#window.succeeded();
      for (const pending of batch) this.#end(pending);
      return;
    }
    const again: Pending<Item, Entry>[] = [];
    let throttled = false;
    let worst = 0;
    const now = this.#clock.now();
    for (const [index, pending] of batch.entries()) {
      const error = errors[index];
      if (error === undefined) {
        this.#failingSince = undefined;
        this.#end(pending);
        continue;
      }
      throttled ||= error.code === "throttled";
      pending.failures = [...pending.failures, { error, at: now, attempt: pending.attempts }];
      if (!error.retryable || this.#isOver(pending, now)) {
        this.#end(pending, { error, since: pending.since, attempts: pending.attempts, failures: pending.failures });
        continue;
      }
      this.#lastError = error;
      again.push(pending);
      worst = Math.max(worst, pending.attempts);
    }
    if (throttled) this.#window.throttled(begun);
    else if (again.length === 0) this.#window.succeeded();
    if (again.length === 0) return;
    if (again.length === batch.length) this.#failingSince ??= now;
    // One delay for all of them, so that they fill a batch again.
    this.#clock.setTimer(() => this.#sendAgain(again), backoffMs(backoff, worst, this.#random), { keepAlive: true });
  }

  #isOver(pending: Pending<Item, Entry>, now: number): boolean {
    return pending.attempts >= this.#patience.attempts || now - pending.sentAt >= this.#patience.forMs;
  }

  /** That the whole request was refused counts for none of them. */
  #sendAlone(batch: readonly Pending<Item, Entry>[]): void {
    for (const pending of batch) {
      pending.alone = true;
      pending.attempts -= 1;
    }
    this.#first.push(...batch);
  }

  #sendAgain(again: readonly Pending<Item, Entry>[]): void {
    this.#first.push(...again);
    this.#schedule();
  }

  #end(pending: Pending<Item, Entry>, givenUp?: GivenUp): void {
    this.#open -= 1;
    pending.done(givenUp);
    if (this.#open > 0) return;
    for (const resolve of this.#idle.splice(0)) resolve();
  }
}
