import { setTimeout as delay } from "node:timers/promises";
import type { HandlerContext } from "../../lib/delivery/handler.ts";
import { NonRetriableError, RetryAfterError } from "../../lib/delivery/handler-errors.ts";
import { toBusError } from "../../lib/error/bus-error.ts";
import type { Event } from "../../lib/event/event.ts";
import { eventually } from "../support/eventually.ts";
import type { Probe, Report } from "./probe.ts";
import { type Step, stepsFor } from "./script.ts";

/** Longer than any case waits: a gate that stays shut fails its case first. */
const gatePatienceMs = 60_000;

/** What a script may do to the process that runs it. */
export interface Host {
  /** Ends the process at once, as `kill -9` does. */
  crash(): Promise<never>;
}

/** The process of the tests itself must go on. */
const testHost: Host = {
  crash: () => Promise.reject(new Error("a crash belongs into a worker; here the case expects none any more")),
};

/** A handler that does what the event's data says, and tells the probe. */
export function scriptedHandler(
  probe: Probe,
  host = testHost,
): (event: Event, context: HandlerContext) => Promise<void> {
  return async (event, context) => {
    const tell = (phase: Report["phase"], more: Pick<Report, "event" | "note"> = {}) =>
      probe.report({
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
    context.signal.addEventListener("abort", () => tell("aborted"));
    await tell("started", { event });
    try {
      for (const step of stepsFor(event.data, context.subscription)) {
        if (step.upTo === undefined || context.attempt <= step.upTo)
          await act(step, context, { ...probe, ...host }, tell);
      }
    } catch (thrown) {
      await tell("failed", { note: thrown instanceof Error ? thrown.message : String(thrown) });
      throw thrown;
    }
    await tell("done");
  };
}

async function act(
  step: Step,
  { signal, bus }: HandlerContext,
  outside: Probe & Host,
  tell: (phase: Report["phase"], more: Pick<Report, "event" | "note">) => Promise<void>,
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
      await eventually(`gate ${step.gate} opens`, () => outside.isOpen(step.gate), gatePatienceMs);
      return;
    case "sleep":
      await delay(step.ms);
      return;
    case "crash":
      return outside.crash();
    case "publish": {
      const { type, data = {}, dedupe } = step;
      try {
        const event = await bus.publish({ type, data }, dedupe === undefined ? {} : { dedupe });
        await tell("published", { event });
      } catch (thrown) {
        await tell("refused", { note: toBusError(thrown).code });
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
