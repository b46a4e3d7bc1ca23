/** Tells listeners that something was accepted or settled; many changes make one call. */
export class ChangeSignal {
  readonly #listeners = new Set<() => void>();
  #noticed = false;

  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  notify(): void {
    if (this.#noticed || this.#listeners.size === 0) return;
    this.#noticed = true;
    queueMicrotask(() => {
      this.#noticed = false;
      for (const listener of this.#listeners) listener();
    });
  }

  clear(): void {
    this.#listeners.clear();
  }
}
