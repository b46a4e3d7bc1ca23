import type { DeadLetter, EndedDelivery, PendingDelivery } from "../../../engine/delivery.ts";
import { durationText, plural } from "../format.ts";
import { urlOf } from "../state/places.ts";
import { Status } from "./status.tsx";

interface RunsProps {
  readonly ended: readonly EndedDelivery[];
  readonly pending: readonly PendingDelivery[];
  readonly dead: readonly DeadLetter[];
}

/** What became of an event in each subscription, one line each. */
export function Runs({ dead, ended, pending }: RunsProps) {
  const told = new Set(ended.map(({ subscription }) => subscription));
  return (
    <ul class="runs">
      {ended.map((delivery) => (
        <li key={`${delivery.subscription} ${delivery.replayId} ${delivery.endedAt}`}>
          <Ended delivery={delivery} />
        </li>
      ))}
      {pending.map((one) => (
        <li key={`${one.subscription} pending`}>
          {one.subscription}{" "}
          <Status tone={one.handled === false ? "bad" : "busy"}>
            {one.handled === false ? "waits; no process handles it" : one.state}
          </Status>
          {one.attempts > 0 && `, attempt ${one.attempts}`}
          {one.lastError !== undefined && `; last failure: ${one.lastError}`}
        </li>
      ))}
      {dead
        .filter(({ subscription = "" }) => !told.has(subscription))
        .map(({ attempts, id, reason, subscription }) => (
          <li key={id}>
            {subscription ?? "publish"} <Status tone="bad">dead</Status> after {plural(attempts, "attempt")}:{" "}
            <code>{reason.code}</code> {reason.message}
          </li>
        ))}
    </ul>
  );
}

function Ended({ delivery }: { readonly delivery: EndedDelivery }) {
  const { attempts, failures, outcome, ranMs, replayId, subscription, totalMs } = delivery;
  return (
    <>
      {subscription} {outcome === "done" && <Status tone="good">done</Status>}
      {outcome === "dropped" && <Status tone="quiet">dropped: expired, or excluded by a filter</Status>}
      {outcome === "dead" && (
        <a href={urlOf("/dead-letters", {}, { subscription })}>
          <Status tone="bad">dead</Status>
        </a>
      )}{" "}
      {plural(attempts, "attempt")}, {durationText(totalMs)}
      {ranMs !== undefined && ` (the last ran ${durationText(ranMs)})`}
      {replayId !== undefined && `, replay ${replayId}`}
      {failures.map(({ code, count, message }) => (
        <div key={`${code} ${message}`} class="failure">
          {count}× <code>{code}</code> {message}
        </div>
      ))}
    </>
  );
}
