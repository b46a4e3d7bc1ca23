/** The longest wait in one piece; the heartbeat tells again what is due later. */
const longestMs = 60_000;

/** Calls back when something of a subscription is due. One timer stands for all of them. */
export class DueTimers {
  readonly #due: (sub: number) => void;
  readonly #times = new Map<number, number>();
  #timer: { at: number; timer: NodeJS.Timeout } | undefined;
  #stopped = false;

  constructor(due: (sub: number) => void) {
    this.#due = due;
  }

  /** Something of a subscription is due in so many milliseconds. */
  expect(sub: number, inMs: number): void {
    if (this.#stopped || inMs > longestMs) return;
    // A whole millisecond later: the server's clock has only whole ones here.
    const at = performance.now() + Math.max(0, inMs) + 1;
    const known = this.#times.get(sub);
    if (known !== undefined && known <= at) return;
    this.#times.set(sub, at);
    this.#set();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer?.timer);
  }

  #set(): void {
    const next = Math.min(...this.#times.values());
    if (this.#times.size === 0 || (this.#timer !== undefined && this.#timer.at <= next)) return;
    clearTimeout(this.#timer?.timer);
    const timer = setTimeout(() => this.#fire(), Math.max(0, next - performance.now())).unref();
    this.#timer = { at: next, timer };
  }

  #fire(): void {
    this.#timer = undefined;
    const now = performance.now();
    for (const [sub, at] of this.#times) {
      if (at > now) continue;
      this.#times.delete(sub);
      this.#due(sub);
    }
    this.#set();
  }
}
