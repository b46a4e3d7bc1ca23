/**
 * Polls until `check` gives something other than `undefined` and `false`, and gives that. Rejects once the time is up,
 * with what `check` threw last, or with `what` and how long it was waited for: a bound on what hangs, not on what is slow.
 * `stepMs` lie between two checks.
 */
export async function eventually<Result>(
  what: string,
  check: () => Result | Promise<Result>,
  withinMs = 30_000,
  stepMs = 3,
): Promise<Exclude<Result, undefined | false>> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    let thrown: unknown;
    try {
      const result = await check();
      if (isThere(result)) return result;
    } catch (error) {
      thrown = error;
    }
    if (performance.now() >= deadline) {
      throw new Error(`not within ${withinMs} ms: ${what}`, thrown === undefined ? undefined : { cause: thrown });
    }
    await new Promise((resolve) => setTimeout(resolve, stepMs));
  }
}

function isThere<Result>(result: Result): result is Exclude<Result, undefined | false> {
  return result !== undefined && result !== false;
}
