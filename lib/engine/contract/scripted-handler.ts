import { setTimeout as delay } from "node:timers/promises";
import type { HandlerContext } from "../../delivery/handler.ts";
import { NonRetriableError, RetryAfterError } from "../../delivery/handler-errors.ts";
import { toBusError } from "../../error/bus-error.ts";
import type { Event } from "../../event/event.ts";
import { eventually } from "./eventually.ts";
import type { Recorder, Report } from "./recorder.ts";
import { type Step, stepsFor } from "./script.ts";

/** Longer than any case waits: a gate that stays shut fails its case first. */
const gateTimeoutMs = 120_000;

/** What a script may do to the process that runs it. */
export interface WorkerProcess {
  /** Ends the process at once, as `kill -9` does. */
  crash(): Promise<never>;
}

/** The process of the tests itself must go on. */
const testProcess: WorkerProcess = {
  crash: () => Promise.reject(new Error("a crash was delivered to the process of the tests; only a worker may crash")),
};

/** A handler that does what the event's data says, and reports each turn to the recorder. */
export function scriptedHandler(
  recorder: Recorder,
  workerProcess = testProcess,
): (event: Event, context: HandlerContext) => Promise<void> {
  return async (event, context) => {
    const report = (phase: Report["phase"], more: Pick<Report, "event" | "note"> = {}) =>
      recorder.report({
        phase,
        subscription: context.subscription,
        eventId: event.id,
        flow: event.metadata.correlationId,
        attempt: context.attempt,
        redriven: context.redriven,
        pid: process.pid,
        at: Date.now(),
        ...more,
      });
    context.signal.addEventListener("abort", () => report("aborted"));
    await report("started", { event });
    try {
      for (const step of stepsFor(event.data, context.subscription)) {
        if (step.upTo === undefined || context.attempt <= step.upTo)
          await act(step, context, recorder, workerProcess, report);
      }
    } catch (thrown) {
      await report("failed", { note: thrown instanceof Error ? thrown.message : String(thrown) });
      throw thrown;
    }
    await report("done");
  };
}

async function act(
  step: Step,
  { signal, bus }: HandlerContext,
  recorder: Recorder,
  workerProcess: WorkerProcess,
  report: (phase: Report["phase"], more: Pick<Report, "event" | "note">) => Promise<void>,
): Promise<void> {
  switch (step.do) {
    case "fail":
      throw new Error(step.message ?? "failed by its script");
    case "fail-for-good":
      throw new NonRetriableError(step.message ?? "failed for good by its script");
    case "retry-after":
      throw new RetryAfterError("put off by its script", step.ms);
    case "hang":
      await aborted(signal);
      throw signal.reason;
    case "wait":
      await eventually(`gate ${step.gate} opens`, () => recorder.isOpen(step.gate), gateTimeoutMs);
      return;
    case "sleep":
      await delay(step.ms);
      return;
    case "crash":
      return workerProcess.crash();
    case "publish": {
      const { type, data = {}, dedupe } = step;
      try {
        const event = await bus.publish({ type, data }, dedupe === undefined ? {} : { dedupe });
        await report("published", { event });
      } catch (thrown) {
        await report("refused", { note: toBusError(thrown).code });
      }
    }
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
