/** Waits, until the time is up or somebody ends it. */
export class Pause {
  #end: (() => void) | undefined;
  #ended = false;

  /** Ends the wait, or the next one where nobody waits. */
  end(): void {
    this.#ended = true;
    this.#end?.();
  }

  /** Resolves with whether it was ended; false as well where the signal fires. */
  async wait(ms: number, signal: AbortSignal): Promise<boolean> {
    if (!this.#ended && !signal.aborted) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(done, ms);
        function done() {
          clearTimeout(timer);
          signal.removeEventListener("abort", done);
          resolve();
        }
        signal.addEventListener("abort", done);
        this.#end = done;
      });
      this.#end = undefined;
    }
    const ended = this.#ended;
    this.#ended = false;
    return ended;
  }
}
