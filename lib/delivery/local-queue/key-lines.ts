import type { DeliveryItem } from "./delivery-item.ts";

/** The lines behind the heads of an ordered subscription: of each key one delivery is under way, and the others wait for it. */
export class KeyLines {
  /** Behind the head of each key that is under way; empty where only the head is. */
  readonly #lines = new Map<string, DeliveryItem[]>();
  #waiting = 0;

  /** How many wait behind a head. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Whether a delivery of this key is under way. */
  has(key: string): boolean {
    return this.#lines.has(key);
  }

  /** Makes a delivery the head of its key, if it has one. */
  lead({ key }: DeliveryItem): void {
    if (key !== undefined) this.#lines.set(key, []);
  }

  /** Whether a delivery has to wait behind the head of its key; then it does. Otherwise it is the head now. */
  join(item: DeliveryItem): boolean {
    const line = item.key === undefined ? undefined : this.#lines.get(item.key);
    if (line === undefined) {
      this.lead(item);
      return false;
    }
    item.state = "blocked";
    line.push(item);
    this.#waiting += 1;
    return true;
  }

  /** A head has ended: returns the next of its key, which is the head now. */
  next({ key }: DeliveryItem): DeliveryItem | undefined {
    if (key === undefined) return undefined;
    const next = this.#lines.get(key)?.shift();
    if (next === undefined) this.#lines.delete(key);
    else this.#waiting -= 1;
    return next;
  }

  clear(): void {
    this.#lines.clear();
    this.#waiting = 0;
  }

  /** Those that wait, without the heads. */
  *[Symbol.iterator](): Generator<DeliveryItem> {
    for (const line of this.#lines.values()) yield* line;
  }
}
