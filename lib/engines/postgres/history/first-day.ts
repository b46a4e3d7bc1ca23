/** An event may draw its number so much later than it has taken its time: it may wait for another transaction in between. */
const slackDays = 1;

/** Which days need not be looked at for what comes after a position: numbers go up with days. */
export class FirstDay {
  #position = Number.POSITIVE_INFINITY;
  #day = 0;

  /** No event after the position is of a day before this one. */
  after(position: number): number {
    return position < this.#position ? 0 : this.#day;
  }

  /** An event of this day lies at the position; or nothing lay after it on this day, when no number was still to be committed. */
  seen(position: number, day: number): void {
    const first = day - slackDays;
    if (this.#position !== Number.POSITIVE_INFINITY && first < this.#day) return;
    this.#position = position;
    this.#day = first;
  }
}
