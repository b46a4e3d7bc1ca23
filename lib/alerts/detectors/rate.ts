import { tellsOfFailure } from "../../history/event-facts.ts";
import { typeMatcher } from "../../pattern/type-names.ts";
import type { AlertMetric } from "../alert.ts";
import type { Detector } from "../detector.ts";
import type { RuleOf } from "../rules/rules.ts";
import { agentOf, type WatchedEvent } from "../watched-event.ts";
import { baselineMinutes, minuteMs, spikeIn } from "./spike.ts";

/** Types or agents that are counted; further ones are not. */
const mostSubjects = 100_000;

/** Raises for a type that comes far more often than usual. */
export function rateSpike(rule: RuleOf<"rate-spike">): Detector {
  const wants = typeMatcher(rule.on);
  return rate(rule, "events.per_minute", ({ type }) => (wants(type) ? type : undefined));
}

/** Raises for an agent, or a source, that fails far more often than usual. */
export function failures(rule: RuleOf<"failures">): Detector {
  const wants = typeMatcher(rule.on);
  return rate(rule, "failures.per_minute", (event) =>
    wants(event.type) && tellsOfFailure(event.type) ? agentOf(event) : undefined,
  );
}

/** Raised within the minute; cleared after the first whole minute that is usual again. */
function rate(
  limits: RuleOf<"rate-spike"> | RuleOf<"failures">,
  metric: AlertMetric,
  subjectOf: (event: WatchedEvent) => string | undefined,
): Detector {
  const subjects = new Map<string, Map<number, number>>();
  let current = Number.NEGATIVE_INFINITY;
  return {
    observe: (event, _, findings) => {
      const subject = subjectOf(event);
      const from = Math.floor(event.atMs / minuteMs) * minuteMs;
      if (subject === undefined || from < current - baselineMinutes * minuteMs) return;
      const counts = subjects.get(subject) ?? new Map<number, number>();
      if (counts.size === 0) {
        if (subjects.size >= mostSubjects) return;
        subjects.set(subject, counts);
      }
      counts.set(from, (counts.get(from) ?? 0) + 1);
      const { count, threshold, spikes } = spikeIn(counts, from, limits);
      if (!spikes || from < current) return;
      findings.raise({ metric, subject, value: count, threshold, atMs: event.atMs, key: String(from) });
    },
    advance: (nowMs, findings) => {
      const from = Math.floor(nowMs / minuteMs) * minuteMs;
      if (from <= current) return;
      current = from;
      for (const subject of findings.subjects()) {
        const counts = subjects.get(subject) ?? new Map<number, number>();
        const { count, spikes } = spikeIn(counts, from - minuteMs, limits);
        if (!spikes) findings.clear(subject, from, count);
      }
      for (const [subject, counts] of subjects) {
        for (const minute of counts.keys()) {
          if (minute < from - (baselineMinutes + 1) * minuteMs) counts.delete(minute);
        }
        if (counts.size === 0) subjects.delete(subject);
      }
    },
  };
}
