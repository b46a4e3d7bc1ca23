import { durationText, plural } from "../format.ts";
import type { Lane } from "../state/timeline.ts";
import { EventLink } from "./links.tsx";

interface TimelineProps {
  readonly lanes: readonly Lane[];
  readonly totalMs: number;
}

/** Lanes that are shown. */
const mostLanes = 200;

/** Deliveries as bars: where the time went. */
export function Timeline({ lanes, totalMs }: TimelineProps) {
  return (
    <>
      <p class="note">
        {plural(lanes.length, "delivery", "deliveries")} over {durationText(totalMs)}. Grey is waiting, retries
        included; blue is the last attempt at work; red is a failure; amber is at work now.
      </p>
      <ol class="timeline" aria-label="Deliveries over time">
        {lanes.slice(0, mostLanes).map(({ attempts, event, key, pieces, subscription, tookMs }) => (
          <li class="lane" key={key}>
            <span class="name" title={`${event.type} in ${subscription}`}>
              <EventLink id={event.id} text={event.type} /> → {subscription}
            </span>
            <span class="track" aria-hidden="true">
              {pieces.map((piece, index) => (
                <span
                  key={index}
                  class={`piece ${piece.kind}`}
                  title={piece.title}
                  style={{ left: `${piece.from * 100}%`, width: `${(piece.to - piece.from) * 100}%` }}
                />
              ))}
            </span>
            <span class="took">
              {durationText(tookMs)}
              {attempts > 1 && ` · ${attempts}×`}
            </span>
          </li>
        ))}
      </ol>
      {lanes.length > mostLanes && <p class="note">The first {mostLanes} are shown.</p>}
    </>
  );
}
