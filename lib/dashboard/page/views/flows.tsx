import { useState } from "preact/hooks";
import type { FlowSummary } from "../../../history/recent-flows.ts";
import { agoText, durationText, plural } from "../format.ts";
import { Filter } from "../parts/filter.tsx";
import { FlowLink, Time, TypeName } from "../parts/links.tsx";
import { Pager } from "../parts/pager.tsx";
import { Problem } from "../parts/problem.tsx";
import { Status, type Tone } from "../parts/status.tsx";
import { Nothing, Scrolling, View } from "../parts/view.tsx";
import { useAnswer, useNow } from "../state/hooks.ts";
import { listOf } from "../state/read.ts";

const fields = [
  { name: "type", label: "With an event of type", placeholder: "task.*" },
  { name: "source", label: "Source" },
  { name: "agentId", label: "Agent" },
] as const;
const refreshMs = 3_000;
/** Events that one page looks at. */
const lookedAt = 100;

export const toneOf: Readonly<Record<FlowSummary["status"], Tone>> = {
  running: "busy",
  completed: "good",
  failed: "bad",
};

/** Flows, the last active first. */
export function Flows({ query }: { readonly query: URLSearchParams }) {
  return (
    <View
      title="Flows"
      lead="All events that share a correlation id are a flow: one task, one conversation, one order."
    >
      <Filter view="/flows" fields={fields} query={query} />
      <FlowList key={query.toString()} query={query} />
    </View>
  );
}

function FlowList({ query }: { readonly query: URLSearchParams }) {
  const [cursors, setCursors] = useState<readonly string[]>([]);
  const now = useNow();
  const cursor = cursors.at(-1);
  const asked = new URLSearchParams([
    ...query,
    ["limit", String(lookedAt)],
    ...(cursor === undefined ? [] : [["cursor", cursor]]),
  ]);
  const { value, error } = useAnswer(
    `/v1/flows?${asked}`,
    (answer) => ({
      flows: listOf<FlowSummary>(answer.flows, "id", "status", "lastAt"),
      looked: Number(answer.looked),
      next: typeof answer.cursor === "string" ? answer.cursor : undefined,
    }),
    // Older pages do not change.
    cursor === undefined ? { everyMs: refreshMs } : {},
  );
  if (error !== undefined && value === undefined) return <Problem error={error} what="Flows cannot be shown." />;
  if (value === undefined) return <p class="note">Loading…</p>;
  const { flows, looked, next } = value;
  return (
    <>
      {flows.length === 0 ? (
        <Nothing>
          {looked === 0
            ? "No flow: history has no event that this filter selects."
            : `These ${plural(looked, "event")} all belong to flows on newer pages.`}
        </Nothing>
      ) : (
        <Scrolling label="Flows">
          <table>
            <thead>
              <tr>
                <th scope="col">Status</th>
                <th scope="col">Began with</th>
                <th scope="col">Source</th>
                <th scope="col">Began</th>
                <th scope="col" class="number">
                  Duration
                </th>
                <th scope="col">Last event</th>
                <th scope="col">Active</th>
                <th scope="col" class="number">
                  Dead letters
                </th>
                <th scope="col">Flow</th>
              </tr>
            </thead>
            <tbody>
              {flows.map((flow) => (
                <tr key={flow.id}>
                  <td>
                    <Status tone={toneOf[flow.status]}>{flow.status}</Status>
                  </td>
                  <td>
                    <FlowLink id={flow.id} text={flow.type} />
                  </td>
                  <td>{flow.source}</td>
                  <td>
                    <Time iso={flow.startedAt} />
                  </td>
                  <td class="number">{durationText(flow.durationMs)}</td>
                  <td>
                    <TypeName type={flow.lastType} />
                  </td>
                  <td>{agoText(flow.lastAt, now)}</td>
                  <td class="number">{flow.deadLetters >= 10 ? "10+" : flow.deadLetters}</td>
                  <td class="data">
                    <code>{flow.id}</code>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scrolling>
      )}
      <p class="note">
        {plural(flows.length, "flow")} with {plural(looked, "event")} of history
        {next === undefined ? "; there is nothing older." : "; older ones are on the next page."}
      </p>
      <Pager
        label="Pages of flows"
        {...(cursors.length === 0 ? {} : { onNewer: () => setCursors(cursors.slice(0, -1)) })}
        {...(next === undefined ? {} : { onOlder: () => setCursors([...cursors, next]) })}
      />
    </>
  );
}
