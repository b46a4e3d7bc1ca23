import type { Event } from "../../../event/event.ts";
import type { EventDeliveries } from "../../../history/deliveries-of-event.ts";
import { pretty } from "../format.ts";
import { EventLink, FlowLink, Time } from "../parts/links.tsx";
import { Problem } from "../parts/problem.tsx";
import { Runs } from "../parts/runs.tsx";
import { Nothing, Scrolling, View } from "../parts/view.tsx";
import { useAnswer } from "../state/hooks.ts";
import { urlOf } from "../state/places.ts";
import { shapeOf } from "../state/read.ts";

const refreshMs = 2_000;

/** One event whole, and what became of it. */
export function EventView({ id }: { readonly id: string }) {
  const path = `/v1/events/${encodeURIComponent(id)}`;
  const { value: event, error } = useAnswer(path, (answer) =>
    shapeOf<Event>(answer, "id", "type", "source", "time", "metadata"),
  );
  return (
    <View title={event?.type ?? "Event"}>
      {error !== undefined && event === undefined && (
        <Problem error={error} what={`The event ${id} cannot be shown.`} />
      )}
      {event !== undefined && (
        <>
          <Facts event={event} />
          <p class="bar">
            <a class="button" href={urlOf("/why", {}, { event: id })}>
              Why was it (not) delivered?
            </a>
            <a class="button" href={urlOf("/replay", {}, { ids: id })}>
              Replay it
            </a>
          </p>
          <h2>Deliveries</h2>
          <Deliveries path={`${path}/deliveries`} />
          <Whole title="Data" value={event.data} />
          <Whole title="Metadata" value={event.metadata} />
        </>
      )}
    </View>
  );
}

function Facts({ event }: { readonly event: Event }) {
  const { id, metadata, source, time } = event;
  const { agentId, causationId, correlationId, expiresAt, priority, tags = [], version } = metadata;
  return (
    <dl class="facts">
      <dt>Id</dt>
      <dd>
        <code>{id}</code>
      </dd>
      <dt>Time</dt>
      <dd>
        <Time iso={time} />
      </dd>
      <dt>Source</dt>
      <dd>{source}</dd>
      {agentId !== undefined && (
        <>
          <dt>Agent</dt>
          <dd>{agentId}</dd>
        </>
      )}
      <dt>Flow</dt>
      <dd>
        <FlowLink id={correlationId} text={correlationId} />
      </dd>
      {causationId !== undefined && (
        <>
          <dt>Caused by</dt>
          <dd>
            <EventLink id={causationId} text={causationId} />
          </dd>
        </>
      )}
      <dt>Version, priority</dt>
      <dd>
        {version}, {priority}
      </dd>
      {expiresAt !== undefined && (
        <>
          <dt>Expires</dt>
          <dd>
            <Time iso={expiresAt} />
          </dd>
        </>
      )}
      {tags.length > 0 && (
        <>
          <dt>Tags</dt>
          <dd>{tags.join(", ")}</dd>
        </>
      )}
    </dl>
  );
}

function Deliveries({ path }: { readonly path: string }) {
  const { value, error } = useAnswer(path, (answer) => shapeOf<EventDeliveries>(answer, "deadLetters"), {
    everyMs: refreshMs,
  });
  if (value === undefined)
    return error === undefined ? (
      <p class="note">Loading…</p>
    ) : (
      <Problem error={error} what="Its deliveries cannot be shown." />
    );
  const { deadLetters, ended, pending } = value;
  const none = deadLetters.length + (ended?.length ?? 0) + (pending?.length ?? 0) === 0;
  return (
    <>
      {none && (
        <Nothing>
          {ended === undefined
            ? "This engine tells of dead letters only, and there is none."
            : "It went to no subscription."}
        </Nothing>
      )}
      <Runs dead={deadLetters} ended={ended ?? []} pending={pending ?? []} />
      {deadLetters.map(({ failures, id, reason, subscription }) => (
        <details key={id}>
          <summary>
            Every failure in {subscription ?? "publish"} ({failures.length})
          </summary>
          <pre>
            {failures
              .map(({ at, attempt, code, message }) => `${at}  attempt ${attempt}  ${code}: ${message}\n`)
              .join("")}
            {reason.stack ?? ""}
          </pre>
        </details>
      ))}
    </>
  );
}

function Whole({ title, value }: { readonly title: string; readonly value: unknown }) {
  const { cut, text } = pretty(value);
  return (
    <>
      <h2>{title}</h2>
      <Scrolling label={title}>
        <pre>{text}</pre>
      </Scrolling>
      {cut > 0 && (
        <p class="note">{cut.toLocaleString("en")} more characters are not shown; GET /v1/events/… has all.</p>
      )}
    </>
  );
}
