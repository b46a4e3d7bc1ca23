import type { Event } from "../../../event/event.ts";
import { tellsOfFailure } from "../../../history/event-facts.ts";
import { timeText } from "../format.ts";
import { urlOf } from "../state/places.ts";

/** The end of an id, which tells events apart: the ids of one minute begin alike. */
export function shortId(id: string): string {
  return id.length > 14 ? `…${id.slice(-8)}` : id;
}

export function EventLink({ id, text }: { readonly id: string; readonly text?: string }) {
  return (
    <a class={text === undefined ? "id" : ""} href={urlOf("/events/{id}", { id })} title={id}>
      {text ?? shortId(id)}
    </a>
  );
}

export function FlowLink({ id, text }: { readonly id: string; readonly text?: string }) {
  return (
    <a class={text === undefined ? "id" : ""} href={urlOf("/flows/{id}", { id })} title={`flow ${id}`}>
      {text ?? shortId(id)}
    </a>
  );
}

/** The type of an event, marked where it tells of a failure, by a sign and not by colour alone. */
export function TypeName({ type }: { readonly type: string }) {
  return tellsOfFailure(type) ? (
    <span class="type failure">
      <span aria-hidden="true">✕ </span>
      {type}
    </span>
  ) : (
    <span class="type">{type}</span>
  );
}

/** Who published an event. */
export function whoOf({ source, metadata }: Event): string {
  const { agentId } = metadata;
  return agentId === undefined || agentId === source ? source : `${agentId} · ${source}`;
}

export function Time({ iso }: { readonly iso: string }) {
  return (
    <time dateTime={iso} title={iso}>
      {timeText(iso)}
    </time>
  );
}
