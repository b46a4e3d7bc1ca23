/** The last times of a row that never falls, at most `length` of them. */
export class LatestTimes {
  readonly #length: number;
  #times: number[] = [];
  /** Where the next one goes; once they are `length`, that is the place of the earliest. */
  #next = 0;

  constructor(length: number) {
    this.#length = length;
  }

  push(time: number): void {
    this.#times[this.#next] = time;
    this.#next = (this.#next + 1) % this.#length;
  }

  clear(): void {
    this.#times = [];
    this.#next = 0;
  }

  get last(): number | undefined {
    return this.#times[(this.#next + this.#length - 1) % this.#length];
  }

  /** The earliest of `length` times; undefined where there are not as many. */
  get first(): number | undefined {
    return this.#times.length < this.#length ? undefined : this.#times[this.#next];
  }

  /** How many are later than a time. */
  countAfter(time: number): number {
    return this.#times.length - this.#indexAfter(time);
  }

  /** The earliest that is later than a time. */
  firstAfter(time: number): number | undefined {
    return this.#at(this.#indexAfter(time));
  }

  /** The index, by time, of the first that is later. */
  #indexAfter(time: number): number {
    let low = 0;
    let high = this.#times.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#at(middle) ?? 0) <= time) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #at(index: number): number | undefined {
    if (index >= this.#times.length) return undefined;
    const start = this.#times.length < this.#length ? 0 : this.#next;
    return this.#times[(start + index) % this.#length];
  }
}
