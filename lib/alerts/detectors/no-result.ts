import { typeMatcher } from "../../pattern/type-names.ts";
import { isRecord } from "../../runtime/is-record.ts";
import type { Detector } from "../detector.ts";
import type { RuleOf } from "../rules/rules.ts";

/** Raises for a success that lacks the result which its rule declares; a later success of the flow that has one clears it. */
export function noResult({ on, result }: RuleOf<"no-result">): Detector {
  const wants = typeMatcher(on);
  const path = result.split(".").slice(1);
  return {
    observe: ({ id, type, data, atMs }, flow, findings) => {
      if (!wants(type)) return;
      if (!isEmpty(valueAt(data, path))) return findings.clear(flow.id, atMs, 1);
      findings.raise({ metric: "event.result", subject: flow.id, value: 0, threshold: 1, atMs, key: id });
    },
    forget: (flow, findings) => findings.clear(flow.id, flow.latestMs, 0),
  };
}

function valueAt(data: unknown, path: readonly string[]): unknown {
  let value = data;
  for (const step of path) {
    if (!isRecord(value) || !Object.hasOwn(value, step)) return undefined;
    value = value[step];
  }
  return value;
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  if (typeof value === "string") return value.trim() === "";
  return typeof value === "object" && Object.keys(value).length === 0;
}
