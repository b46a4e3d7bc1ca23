import { createHash } from "node:crypto";
import { isRecord } from "../../runtime/is-record.ts";
import type { Detector } from "../detector.ts";
import type { FlowState } from "../flow-table.ts";
import type { RuleOf } from "../rules/rules.ts";
import { agentOf, type WatchedEvent } from "../watched-event.ts";

interface Counts {
  events: number;
  readonly repeats: Map<string, number>;
  /** A flow has one alert. */
  raised: boolean;
}

/** Contents of one flow that are counted; the one that came least lately is forgotten. */
const mostContents = 256;
/** What differs from call to call, and says nothing of the content. */
const ownIds = new Set(["toolUseId", "toolCallId", "inputId", "durationMs", "id", "time", "timestamp"]);

/** Raises for a flow in which the same is published again and again, or which has very many events; its end clears it. */
export function loop({ repeats, events }: RuleOf<"loop">): Detector {
  const flows = new WeakMap<FlowState, Counts>();
  return {
    observe: (event, flow, findings) => {
      const counts = flows.get(flow) ?? { events: 0, repeats: new Map(), raised: false };
      flows.set(flow, counts);
      counts.events += 1;
      const same = count(counts.repeats, contentOf(event));
      if (flow.isOver) return findings.clear(flow.id, event.atMs, same);
      if (counts.raised || (same < repeats && counts.events < events)) return;
      counts.raised = true;
      const found = same >= repeats;
      findings.raise({
        metric: found ? "flow.repeats" : "flow.events",
        subject: flow.id,
        value: found ? same : counts.events,
        threshold: found ? repeats : events,
        atMs: event.atMs,
        key: "",
      });
    },
    forget: (flow, findings) => findings.clear(flow.id, flow.latestMs, 0),
  };
}

function count(contents: Map<string, number>, content: string): number {
  const times = (contents.get(content) ?? 0) + 1;
  contents.delete(content);
  contents.set(content, times);
  const [oldest] = contents.keys();
  if (contents.size > mostContents && oldest !== undefined) contents.delete(oldest);
  return times;
}

function contentOf(event: WatchedEvent): string {
  const { data, type } = event;
  const content = isRecord(data)
    ? Object.entries(data)
        .filter(([name]) => !ownIds.has(name))
        .sort(([one], [other]) => (one < other ? -1 : 1))
    : data;
  return createHash("sha1")
    .update(JSON.stringify([type, agentOf(event), content]))
    .digest("base64url");
}
