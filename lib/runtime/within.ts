import type { Clock, Timer } from "./clock.ts";

/** What a promise gives within a time; `undefined` after it. */
export async function within<Result>(promise: Promise<Result>, clock: Clock, ms: number): Promise<Result | undefined> {
  let timer: Timer;
  const late = new Promise<undefined>((resolve) => {
    timer = clock.setTimer(() => resolve(undefined), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clock.clearTimer(timer);
  }
}
