/** A message, and its number where it has one. */
export interface Message {
  readonly text: string;
  readonly seq?: number;
}

/** What a stream has still to send. Without a stream it is dropped: whoever comes again is told what counts by then. */
export class Outbox {
  #messages: Message[] = [];
  #takenUpTo = 0;
  /** Kinds of which one message waits, which says as much as several. */
  readonly #once = new Set<string>();
  #wake: (() => void) | undefined;
  #generation = 0;
  #open = false;

  get isOpen(): boolean {
    return this.#open;
  }

  /** The number up to which messages were taken, to be sent. */
  get takenUpTo(): number {
    return this.#takenUpTo;
  }

  put(message: Message): void {
    if (!this.#open) return;
    this.#messages.push(message);
    this.#wake?.();
  }

  putOnce(kind: string, text: string): void {
    if (!this.#open || this.#once.has(kind)) return;
    this.#once.add(kind);
    this.put({ text });
  }

  /** What is put from now on, behind some that come first; until another opens it, the signal fires or it is closed. */
  open(first: readonly Message[], signal: AbortSignal): AsyncGenerator<string, void, void> {
    this.#generation += 1;
    this.#wake?.();
    this.#open = true;
    this.#messages = [...first];
    this.#once.clear();
    return this.#read(this.#generation, signal);
  }

  close(): void {
    this.#generation += 1;
    this.#open = false;
    this.#wake?.();
  }

  async *#read(generation: number, signal: AbortSignal): AsyncGenerator<string, void, void> {
    const abort = () => this.#wake?.();
    signal.addEventListener("abort", abort);
    try {
      while (generation === this.#generation && !signal.aborted) {
        if (this.#messages.length > 0) {
          const messages = this.#messages;
          this.#messages = [];
          this.#once.clear();
          for (const { seq = 0 } of messages) this.#takenUpTo = Math.max(this.#takenUpTo, seq);
          yield messages.map(({ text }) => text).join("");
          continue;
        }
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    } finally {
      signal.removeEventListener("abort", abort);
      if (generation === this.#generation) this.#open = false;
    }
  }
}
