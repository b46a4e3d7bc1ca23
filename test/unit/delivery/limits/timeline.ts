/** What happens one after another in the time of a test, without a clock of its own. */
export class Timeline {
  #now = 0;
  readonly #due: { readonly at: number; readonly act: (now: number) => void }[] = [];

  /** Has something happen at a time; of the same time, in the order in which it was said. */
  at(time: number, act: (now: number) => void): void {
    let index = this.#due.length;
    while (index > 0 && (this.#due[index - 1]?.at ?? 0) > time) index -= 1;
    this.#due.splice(index, 0, { at: time, act });
  }

  /** Until nothing is left to happen; gives the time at which that is. */
  run(): number {
    for (let next = this.#due.shift(); next !== undefined; next = this.#due.shift()) {
      this.#now = Math.max(this.#now, next.at);
      next.act(this.#now);
    }
    return this.#now;
  }
}
