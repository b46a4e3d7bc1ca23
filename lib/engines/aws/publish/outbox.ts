import { Fifo } from "../../../runtime/fifo.ts";
import { type Failed, mostEntries } from "./batch-target.ts";

/** An item on its way. Thousands may wait, so that it holds no more than it must. */
export interface Pending<Item, Entry> {
  readonly item: Item;
  /** Milliseconds since 1970: when it was added. */
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

/** Of what has not failed, as nearly all have not: one for all of them. */
const none: readonly Failed[] = [];

/** What waits to be sent, in the order in which it goes: what was sent before, then what is urgent, then the others. */
export class Outbox<Item, Entry> {
  readonly #maxBytes: number;
  /** Sent before, or taken out and left over. */
  #first: Pending<Item, Entry>[] = [];
  readonly #urgent = new Fifo<Pending<Item, Entry>>();
  readonly #others = new Fifo<Pending<Item, Entry>>();

  /** `maxBytes`: of the entries of one request. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get size(): number {
    return this.#first.length + this.#urgent.size + this.#others.size;
  }

  add(item: Item, urgent: boolean, since: number): void {
    const pending = { item, since, entry: undefined, bytes: 0, attempts: 0, sentAt: 0, failures: none, alone: false };
    (urgent ? this.#urgent : this.#others).push(pending);
  }

  /** What was sent before goes first. */
  again(pending: readonly Pending<Item, Entry>[]): void {
    this.#first.push(...pending);
  }

  /**
   * Takes out what goes next: up to ten that fit into one request, for each of which `ready` is true; what it is false for
   * is out. May be empty, with more waiting, where it was false for all that were asked about.
   */
  next(ready: (pending: Pending<Item, Entry>) => boolean): Pending<Item, Entry>[] {
    const batch: Pending<Item, Entry>[] = [];
    const leftOver: Pending<Item, Entry>[] = [];
    let bytes = 0;
    for (const pending of this.#take()) {
      if (!ready(pending)) continue;
      const fits = batch.length === 0 || (!pending.alone && bytes + pending.bytes <= this.#maxBytes);
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

  #take(): Pending<Item, Entry>[] {
    const taken = this.#first.splice(0, mostEntries);
    for (const queue of [this.#urgent, this.#others]) {
      if (taken.length < mostEntries && queue.size > 0) taken.push(...queue.take(mostEntries - taken.length));
    }
    return taken;
  }
}
