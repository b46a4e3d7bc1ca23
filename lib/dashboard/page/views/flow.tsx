import type { Flow } from "../../../history/flow.ts";
import { durationText, plural, preview } from "../format.ts";
import { EventLink, Time, TypeName, whoOf } from "../parts/links.tsx";
import { Problem } from "../parts/problem.tsx";
import { Runs } from "../parts/runs.tsx";
import { Status } from "../parts/status.tsx";
import { Timeline } from "../parts/timeline.tsx";
import { Scrolling, View } from "../parts/view.tsx";
import { useAnswer, useNow } from "../state/hooks.ts";
import { urlOf } from "../state/places.ts";
import { shapeOf } from "../state/read.ts";
import { lanesOf, type Spending, spendingOf, type TreeNode, treeOf } from "../state/timeline.ts";
import { toneOf } from "./flows.tsx";

const refreshMs = 2_000;
/** Events of a flow that are shown; of a larger one the first, and what failed. */
const mostNodes = 300;
const deepest = 24;

/** One flow: what caused what, what failed, where the time went. */
export function FlowView({ id }: { readonly id: string }) {
  const { value: flow, error } = useAnswer(
    `/v1/flows/${encodeURIComponent(id)}`,
    (answer) => shapeOf<Flow>(answer, "id", "status", "roots", "pending", "deadLetters"),
    { everyMs: refreshMs },
  );
  return (
    <View title={`Flow ${id}`}>
      {error !== undefined && flow === undefined && <Problem error={error} what="The flow cannot be shown." />}
      {flow === undefined && error === undefined && <p class="note">Loading…</p>}
      {flow !== undefined && <Whole flow={flow} />}
    </View>
  );
}

function Whole({ flow }: { readonly flow: Flow }) {
  const now = useNow();
  const nodes = treeOf(flow, mostNodes);
  const { lanes, totalMs } = lanesOf(nodes, now);
  const spending = spendingOf(nodes);
  return (
    <>
      <dl class="facts">
        <dt>Status</dt>
        <dd>
          <Status tone={toneOf[flow.status]}>{flow.status}</Status>
        </dd>
        <dt>Events</dt>
        <dd>{plural(flow.size, "event")}</dd>
        <dt>Began</dt>
        <dd>
          <Time iso={flow.startedAt} />, {durationText(flow.durationMs)} to its last event
        </dd>
        {flow.pending.length > 0 && (
          <>
            <dt>Under way</dt>
            <dd>{plural(flow.pending.length, "delivery", "deliveries")}</dd>
          </>
        )}
      </dl>
      {flow.deadLetters.length > 0 && <Failures flow={flow} />}
      <h2>Who caused what</h2>
      <ul class="tree" aria-label="Events of the flow">
        {nodes.map((node) => (
          <Node key={node.event.id} node={node} />
        ))}
      </ul>
      {flow.size > nodes.length && (
        <p class="note">
          The first {nodes.length} of {plural(flow.size, "event")} are shown.{" "}
          <a href={urlOf("/live", {}, { flow: flow.id })}>Follow the flow live</a>.
        </p>
      )}
      {lanes.length > 0 && (
        <>
          <h2>Where the time went</h2>
          <Timeline lanes={lanes} totalMs={totalMs} />
        </>
      )}
      {spending.length > 0 && <SpendingTable spending={spending} />}
    </>
  );
}

/** Dead letters that are shown above the tree. */
const mostFailures = 10;

function Failures({ flow: { deadLetters, id } }: { readonly flow: Flow }) {
  return (
    <div class="problem">
      <strong>{plural(deadLetters.length, "delivery", "deliveries")} failed for good</strong>
      <ul>
        {deadLetters.slice(0, mostFailures).map((letter) => (
          <li key={letter.id}>
            <TypeName type={letter.event.type} /> <EventLink id={letter.event.id} /> in{" "}
            {letter.subscription ?? "publish"} after {plural(letter.attempts, "attempt")}:{" "}
            <code>{letter.reason.code}</code> {letter.reason.message}
          </li>
        ))}
      </ul>
      <a class="button" href={urlOf("/dead-letters", {}, { correlationId: id })}>
        Redrive or discard them
      </a>
    </div>
  );
}

function Node({ node: { dead, depth, ended, event, pending } }: { readonly node: TreeNode }) {
  return (
    <li class="node" style={{ paddingLeft: `${Math.min(depth, deepest) * 18}px` }}>
      <span class="visually-hidden">Level {depth + 1}: </span>
      <EventLink id={event.id} text={event.type} /> <span class="figure">{whoOf(event)}</span> <Time iso={event.time} />{" "}
      <code class="figure">{preview(event.data, 100)}</code>
      {ended.length + pending.length + dead.length > 0 && <Runs dead={dead} ended={ended} pending={pending} />}
    </li>
  );
}

function SpendingTable({ spending }: { readonly spending: readonly Spending[] }) {
  return (
    <>
      <h2>What it cost, by agent</h2>
      <Scrolling label="Tokens and cost by agent">
        <table>
          <thead>
            <tr>
              <th scope="col">Agent</th>
              <th scope="col" class="number">
                Events
              </th>
              <th scope="col" class="number">
                Tokens
              </th>
              <th scope="col" class="number">
                Cost
              </th>
            </tr>
          </thead>
          <tbody>
            {spending.map(({ cost, events, tokens, who }) => (
              <tr key={who}>
                <th scope="row">{who}</th>
                <td class="number">{events}</td>
                <td class="number">{tokens?.toLocaleString("en") ?? ""}</td>
                <td class="number">{cost?.toLocaleString("en", { maximumFractionDigits: 6 }) ?? ""}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scrolling>
    </>
  );
}
