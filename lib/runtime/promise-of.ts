/**
 * What a user's function gave, as a promise of this realm; undefined where it gave none and so has ended. It settles once, as
 * `await` would have it, whatever a thenable does: its `then` may throw, be a getter that throws, or answer twice.
 */
export function promiseOf(result: unknown): Promise<unknown> | undefined {
  if ((typeof result !== "object" || result === null) && typeof result !== "function") return undefined;
  return isOrdinary(result) ? result : new Promise((resolve) => resolve(result));
}

/** A promise that needs no other one around it, which costs two turns of the microtask queue. */
function isOrdinary(result: unknown): result is Promise<unknown> {
  try {
    return result instanceof Promise && result.constructor === Promise && result.then === Promise.prototype.then;
  } catch {
    return false;
  }
}
