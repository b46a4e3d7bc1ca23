import type { Unwatch } from "./engine.ts";

/** When a signal begins and ceases to have listeners: an engine that has to look for changes does so in between. */
export interface ChangeSignalOptions {
  /** Called when the first listener is added. */
  readonly onFirst?: () => void;
  /** Called when the last listener is removed. */
  readonly onLast?: () => void;
}

/** Tells listeners that something was accepted or settled; many changes of one turn make one call. */
export class ChangeSignal {
  readonly #listeners = new Set<() => void>();
  readonly #options: ChangeSignalOptions;
  #notified = false;

  constructor(options: ChangeSignalOptions = {}) {
    this.#options = options;
  }

  /** Whether there are listeners. */
  get watched(): boolean {
    return this.#listeners.size > 0;
  }

  /** Adds a listener until the function that it returns is called. */
  watch(changed: () => void): Unwatch {
    // The same function may watch twice.
    const listener = () => changed();
    this.#listeners.add(listener);
    if (this.#listeners.size === 1) this.#options.onFirst?.();
    return () => {
      if (this.#listeners.delete(listener) && this.#listeners.size === 0) this.#options.onLast?.();
    };
  }

  /** Calls the listeners in a microtask; calls until then are merged into one. */
  notify(): void {
    if (this.#notified || this.#listeners.size === 0) return;
    this.#notified = true;
    queueMicrotask(() => {
      this.#notified = false;
      for (const listener of [...this.#listeners]) listener();
    });
  }

  /** Forgets all listeners. */
  clear(): void {
    if (this.#listeners.size === 0) return;
    this.#listeners.clear();
    this.#options.onLast?.();
  }
}
