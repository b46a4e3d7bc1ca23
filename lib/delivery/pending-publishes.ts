/** Publishes of a run that are under way. */
export class PendingPublishes {
  readonly #publishes = new Set<Promise<unknown>>();

  add(publish: Promise<unknown>): void {
    const publishes = this.#publishes;
    publishes.add(publish);
    // A failure that nobody awaits is reported by `settled`, and must not end the process.
    publish.then(
      () => publishes.delete(publish),
      () => publishes.delete(publish),
    );
  }

  /** Resolves when all have ended; undefined where there is none. Rejects if one fails. */
  settled(): Promise<unknown> | undefined {
    return this.#publishes.size === 0 ? undefined : Promise.all(this.#publishes);
  }
}

/** What a promise was rejected with. */
export interface Rejection {
  readonly error: unknown;
}

/** Waits for a promise, if there is one, and gives what it was rejected with. */
export async function rejectionOf(promise: Promise<unknown> | undefined): Promise<Rejection | undefined> {
  try {
    await promise;
    return undefined;
  } catch (error) {
    return { error };
  }
}
