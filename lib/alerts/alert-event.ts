import * as z from "zod";
import { systemCostThresholdReached, systemLoopDetected } from "../catalog/system.ts";
import type { Event } from "../event/event.ts";
import { lazy } from "../event/lazy.ts";
import { type Alert, alertType } from "./alert.ts";

/** What monitors publish: who watched it would never come to an end. */
const own = new Set<string>([alertType, systemCostThresholdReached.type, systemLoopDetected.type]);

/** Whether a type is none that is watched. */
export function ignoresType(type: string): boolean {
  return own.has(type);
}

const schema = lazy(() =>
  z.object({
    alert: z.string(),
    metric: z.enum([
      "flow.duration",
      "flow.silence",
      "flow.repeats",
      "flow.events",
      "event.result",
      "events.per_minute",
      "failures.per_minute",
      "agent.silence",
      "subscription.oldest_age",
      "subscription.dead_letters",
      "cost",
    ]),
    subject: z.string(),
    value: z.number(),
    threshold: z.number(),
    state: z.enum(["raised", "cleared"]),
    key: z.string(),
    severity: z.enum(["info", "warning", "critical"]).exactOptional(),
  }),
);

/** The alert of an event, or undefined for one that no rule has published. */
export function parseAlert({ type, data, time }: Pick<Event, "type" | "data" | "time">): Alert | undefined {
  if (type !== alertType) return undefined;
  const parsed = schema().safeParse(data);
  return parsed.success ? { ...parsed.data, atMs: Date.parse(time) } : undefined;
}
