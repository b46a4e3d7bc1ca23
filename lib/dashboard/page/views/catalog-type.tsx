import { useState } from "preact/hooks";
import { toEvent } from "../../../browser/to-event.ts";
import { BusError, toBusError } from "../../../error/bus-error.ts";
import type { Event } from "../../../event/event.ts";
import { pretty } from "../format.ts";
import { EventLink, FlowLink } from "../parts/links.tsx";
import { Problem } from "../parts/problem.tsx";
import { Scrolling, View } from "../parts/view.tsx";
import { useAnswer } from "../state/hooks.ts";
import { shapeOf } from "../state/read.ts";
import { requests } from "../state/session.ts";
import type { CatalogEntry } from "./catalog.tsx";

interface CatalogType extends CatalogEntry {
  readonly schema: unknown;
  readonly example?: unknown;
}

/** One type: its data, an example, and a form that publishes one. */
export function CatalogTypeView({ type }: { readonly type: string }) {
  const isCustom = type.startsWith("custom.");
  const { value, error } = useAnswer(`/v1/catalog/${encodeURIComponent(type)}`, (answer) =>
    shapeOf<CatalogType>(answer, "type", "version", "description", "schema"),
  );
  const unknown = error !== undefined && value === undefined;
  return (
    <View title={type} {...(value === undefined ? {} : { lead: value.description })}>
      {unknown && !isCustom && <Problem error={error} what="The type cannot be shown." />}
      {unknown && isCustom && <p class="lead">Types of custom.* need no definition: any JSON object is accepted.</p>}
      {(value !== undefined || isCustom) && (
        <PublishForm key={value?.type ?? ""} type={type} example={value?.example ?? {}} />
      )}
      {value !== undefined && (
        <>
          <h2>Schema of its data</h2>
          <Scrolling label="JSON Schema">
            <pre>{pretty(value.schema).text}</pre>
          </Scrolling>
        </>
      )}
    </View>
  );
}

/** Publishes a test event, which is an event like any other. */
function PublishForm({ type, example }: { readonly type: string; readonly example: unknown }) {
  const [published, setPublished] = useState<Event>();
  const [error, setError] = useState<BusError>();
  const [busy, setBusy] = useState(false);
  const publish = async (name: string, text: string) => {
    setBusy(true);
    setPublished(undefined);
    setError(undefined);
    try {
      const answer = await requests().json("/v1/events", undefined, { type: name, data: parseData(text) });
      const [result] = Array.isArray(answer.results) ? answer.results : [];
      setPublished(toEvent(Object(result).event));
    } catch (thrown) {
      setError(toBusError(thrown));
    }
    setBusy(false);
  };
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    if (!(event.currentTarget instanceof HTMLFormElement)) return;
    const given = new FormData(event.currentTarget);
    void publish(String(given.get("type") ?? "").trim(), String(given.get("data") ?? ""));
  };
  return (
    <>
      <h2>Publish one</h2>
      <form class="stack" onSubmit={submit}>
        <label>
          <span>Type</span>
          <input name="type" defaultValue={type} spellcheck={false} required readOnly={!type.startsWith("custom.")} />
        </label>
        <label>
          <span>Data, as JSON</span>
          <textarea name="data" rows={12} spellcheck={false} defaultValue={pretty(example).text} />
        </label>
        <p class="note">It is a real event: every subscription that wants it gets it.</p>
        <button type="submit" class="primary" disabled={busy}>
          {busy ? "Publishing…" : "Publish"}
        </button>
      </form>
      {error !== undefined && <Problem error={error} what="It was not published." />}
      {published !== undefined && (
        <div class="notice" role="status">
          <strong>Published.</strong> Event <EventLink id={published.id} text={published.id} />, flow{" "}
          <FlowLink id={published.metadata.correlationId} />.
        </div>
      )}
    </>
  );
}

function parseData(text: string): unknown {
  try {
    const data: unknown = JSON.parse(text);
    return data;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : "";
    throw new BusError("invalid_event", `the data is not JSON: ${reason}`, { cause });
  }
}
