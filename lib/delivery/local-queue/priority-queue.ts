/** What a queue orders: urgent first, then oldest first. */
export interface Queued {
  /** 1 (most urgent) to 10. */
  readonly priority: number;
  /** Order of acceptance. */
  readonly order: number;
}

/** Emptied slots that a lane keeps before it copies itself. */
const slack = 1_024;

/** First in, first out, with a way back in for what is tried again. */
class Lane<DeliveryItem extends Queued> {
  #items: DeliveryItem[] = [];
  #head = 0;

  get size(): number {
    return this.#items.length - this.#head;
  }

  push(item: DeliveryItem): void {
    const last = this.#items.at(-1);
    if (last === undefined || this.size === 0 || last.order <= item.order) this.#items.push(item);
    else this.#insert(item);
  }

  shift(): DeliveryItem | undefined {
    const item = this.#items[this.#head];
    if (item === undefined) return undefined;
    this.#head += 1;
    if (this.#head === this.#items.length) {
      this.#items.length = 0;
      this.#head = 0;
    } else if (this.#head > slack && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }

  *[Symbol.iterator](): Generator<DeliveryItem> {
    for (let at = this.#head; at < this.#items.length; at += 1) {
      const item = this.#items[at];
      if (item !== undefined) yield item;
    }
  }

  #insert(item: DeliveryItem): void {
    let low = this.#head;
    let high = this.#items.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#items[middle]?.order ?? 0) <= item.order) low = middle + 1;
      else high = middle;
    }
    this.#items.splice(low, 0, item);
  }
}

/** A queue with a lane for each priority, so that taking the next costs the same however long it is. */
export class PriorityQueue<DeliveryItem extends Queued> {
  readonly #lanes: (Lane<DeliveryItem> | undefined)[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  push(item: DeliveryItem): void {
    this.#lanes[item.priority] ??= new Lane<DeliveryItem>();
    this.#lanes[item.priority]?.push(item);
    this.#size += 1;
  }

  /** The most urgent, of these the oldest. */
  shift(): DeliveryItem | undefined {
    if (this.#size === 0) return undefined;
    for (const lane of this.#lanes) {
      const item = lane?.shift();
      if (item === undefined) continue;
      this.#size -= 1;
      return item;
    }
    return undefined;
  }

  *[Symbol.iterator](): Generator<DeliveryItem> {
    for (const lane of this.#lanes) if (lane !== undefined) yield* lane;
  }
}
