import { toBusError } from "../error/bus-error.ts";
import type { Logger } from "../runtime/logger.ts";

/** What a promise was rejected with. */
export interface Rejection {
  readonly error: unknown;
}

/** A publish that has failed, and whether the handler knows. */
interface FailedPublish extends Rejection {
  isObserved(): boolean;
}

/** Publishes of a run that are under way, and those that failed without the handler's knowledge. */
export class PendingPublishes {
  readonly #publishes = new Set<Promise<unknown>>();
  #failed: FailedPublish[] = [];

  /** `isObserved` says whether the handler has asked what became of it: then a failure before its end is its own to handle. */
  add(publish: Promise<unknown>, isObserved: () => boolean = () => true): void {
    const publishes = this.#publishes;
    publishes.add(publish);
    // A failure that nobody awaits is reported by `settled`, and must not end the process.
    publish.then(
      () => publishes.delete(publish),
      (error: unknown) => {
        publishes.delete(publish);
        if (!isObserved()) this.#failed.push({ error, isObserved });
      },
    );
  }

  /**
   * Resolves when all have ended; undefined where there is nothing to wait for. Rejects if one fails that is still under way,
   * or has failed and nobody asked about it.
   */
  settled(): Promise<unknown> | undefined {
    const lost = this.#failed.find(({ isObserved }) => !isObserved());
    this.#failed = [];
    if (this.#publishes.size > 0) return allEnded([...this.#publishes], lost);
    return lost === undefined ? undefined : Promise.reject(lost.error);
  }
}

/** Rejects with the first rejection, but not before all have ended: what is tried again must find nothing under way. */
async function allEnded(promises: readonly Promise<unknown>[], before: Rejection | undefined): Promise<void> {
  const rejections = await Promise.all(promises.map(rejectionOf));
  const first = before ?? rejections.find((rejection) => rejection !== undefined);
  if (first !== undefined) throw first.error;
}

/**
 * Tells of a publish that began after its run had ended, and failed without anybody asking about it: there is no attempt any
 * more that could fail with it.
 */
export function reportLate(publish: Promise<unknown>, isObserved: () => boolean, log: Pick<Logger, "warn">): void {
  publish.catch((thrown: unknown) => {
    // Whoever awaits it asks a turn later.
    setImmediate(() => {
      if (isObserved()) return;
      log.warn("a publish that a handler left behind failed", { code: toBusError(thrown).code });
    });
  });
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
