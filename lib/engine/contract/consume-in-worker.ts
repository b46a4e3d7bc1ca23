import type { Bus } from "../../bus/bus.ts";
import { unnamedInWorker } from "./adapter.ts";
import type { Recorder } from "./recorder.ts";
import { scriptedHandler, type WorkerProcess } from "./scripted-handler.ts";
import { isSubscriptionName, subscriptionOf } from "./subscriptions.ts";

const workerProcess: WorkerProcess = {
  crash: () => {
    process.kill(process.pid, "SIGKILL");
    // The signal may come a moment later; nothing may happen in between.
    return new Promise(() => {});
  },
};

/** What its parent tells a worker that is to stand still. */
export const freezeMessage = "freeze";

/**
 * What the program of a worker does: it consumes subscriptions of the suite and an unnamed one, and tells its parent once it
 * does.
 */
export async function consumeInWorker(
  bus: Bus,
  recorder: Recorder,
  names: readonly string[],
  timeScale = 1,
): Promise<void> {
  const handler = scriptedHandler(recorder, workerProcess);
  for (const name of names.filter(isSubscriptionName)) await bus.subscribe(subscriptionOf(name, timeScale), handler);
  await bus.subscribe({ on: unnamedInWorker }, handler);
  process.on("message", (message) => {
    if (message !== freezeMessage) return;
    process.send?.("standing still");
    process.kill(process.pid, "SIGSTOP");
  });
  process.send?.("ready");
}
