import { useState } from "preact/hooks";
import type { SubscriptionState } from "../../../engine/subscription-store.ts";
import { type BusError, toBusError } from "../../../error/bus-error.ts";
import type { ReplayReport } from "../../../replay/replay.ts";
import { plural } from "../format.ts";
import { Confirm } from "../parts/confirm.tsx";
import { Problem } from "../parts/problem.tsx";
import { Scrolling, View } from "../parts/view.tsx";
import { useAnswer } from "../state/hooks.ts";
import { listOf, shapeOf } from "../state/read.ts";
import { requests } from "../state/session.ts";

/** A replay as it was counted: what is done is what was counted, with the same selection. */
interface Counted {
  readonly select: Readonly<Record<string, unknown>>;
  readonly to: string;
  readonly report: ReplayReport;
}

const fields = [
  { name: "type", label: "Type, * allowed", placeholder: "task.*" },
  { name: "ids", label: "Ids of events, separated by commas" },
  { name: "correlationId", label: "Flow" },
  { name: "source", label: "Source" },
  { name: "since", label: "Accepted at or after", placeholder: "2026-05-04T09:00:00Z" },
  { name: "until", label: "Accepted before", placeholder: "2026-05-04T10:00:00Z" },
] as const;

/** Delivers past events again: counted first, then confirmed. */
export function Replay({ query }: { readonly query: URLSearchParams }) {
  const { value: subscriptions } = useAnswer("/v1/subscriptions", (answer) =>
    listOf<SubscriptionState>(answer.subscriptions, "record"),
  );
  const [counted, setCounted] = useState<Counted>();
  const [done, setDone] = useState<ReplayReport>();
  const [error, setError] = useState<BusError>();
  const [busy, setBusy] = useState(false);
  const [asking, setAsking] = useState(false);
  const ask = async (select: Counted["select"], to: string, dryRun: boolean) => {
    setBusy(true);
    setError(undefined);
    try {
      const answer = await requests().json("/v1/replays", undefined, { select, to, dryRun });
      const report = shapeOf<ReplayReport>(answer, "id", "events", "deliveries");
      if (dryRun) setCounted({ select, to, report });
      else setDone(report);
    } catch (thrown) {
      setError(toBusError(thrown));
    }
    setBusy(false);
    setAsking(false);
  };
  const count = (event: SubmitEvent) => {
    event.preventDefault();
    if (!(event.currentTarget instanceof HTMLFormElement)) return;
    const given = new FormData(event.currentTarget);
    setDone(undefined);
    setCounted(undefined);
    void ask(selectionOf(given), String(given.get("to") ?? ""), true);
  };
  return (
    <View
      title="Replay"
      lead="Past events are delivered again, to one subscription or to all that want them. First they are counted; nothing is sent before you confirm."
    >
      <form class="stack" onSubmit={count} onInput={() => setCounted(undefined)}>
        {fields.map(({ name, label, ...rest }) => (
          <Field key={name} name={name} label={label} value={query.get(name) ?? ""} {...rest} />
        ))}
        <label>
          <span>To</span>
          <select name="to" defaultValue={query.get("to") ?? ""} required>
            <option value="">Choose a subscription</option>
            {(subscriptions ?? []).slice(0, 1_000).map(({ record }) => (
              <option key={record.name} value={record.name}>
                {record.name}
              </option>
            ))}
            <option value="*">All that want the events</option>
          </select>
        </label>
        <button type="submit" class="primary" disabled={busy}>
          {busy ? "Counting…" : "Count first"}
        </button>
      </form>
      {error !== undefined && <Problem error={error} what="The replay failed." />}
      {counted !== undefined && done === undefined && (
        <div class="notice" role="status">
          <p>
            <strong>{plural(counted.report.events, "event")}</strong> would be delivered{" "}
            {plural(total(counted.report), "time")}:
          </p>
          <Deliveries report={counted.report} />
          <button type="button" class="primary" disabled={total(counted.report) === 0} onClick={() => setAsking(true)}>
            Replay {plural(counted.report.events, "event")}
          </button>
        </div>
      )}
      {done !== undefined && (
        <div class="notice" role="status">
          <p>
            <strong>{plural(total(done), "delivery", "deliveries")} queued.</strong> They carry the mark{" "}
            <code>{done.id}</code>.
          </p>
          <Deliveries report={done} />
        </div>
      )}
      {asking && counted !== undefined && (
        <Confirm
          title={`Replay ${plural(counted.report.events, "event")}?`}
          action={`Replay ${plural(counted.report.events, "event")}`}
          busy={busy}
          onConfirm={() => void ask(counted.select, counted.to, false)}
          onCancel={() => setAsking(false)}
        >
          <p>
            {plural(total(counted.report), "delivery", "deliveries")} to{" "}
            {counted.to === "*" ? "all subscriptions that want them" : counted.to}. Handlers run again, with all that
            they do.
          </p>
        </Confirm>
      )}
    </View>
  );
}

interface FieldProps {
  readonly name: string;
  readonly label: string;
  readonly value: string;
  readonly placeholder?: string;
}

function Field({ name, label, value, placeholder = "" }: FieldProps) {
  return (
    <label>
      <span>{label}</span>
      <input name={name} defaultValue={value} placeholder={placeholder} spellcheck={false} />
    </label>
  );
}

/** The fields that are filled in. */
function selectionOf(given: FormData): Record<string, unknown> {
  const texts = fields
    .map(({ name }): [string, string] => [name, String(given.get(name) ?? "").trim()])
    .filter(([, text]) => text !== "");
  return Object.fromEntries(
    texts.map(([name, text]) => [name, name === "ids" ? text.split(/[\s,]+/).filter(Boolean) : text]),
  );
}

function total({ deliveries }: ReplayReport): number {
  return Object.values(deliveries).reduce((sum, count) => sum + count, 0);
}

function Deliveries({ report }: { readonly report: ReplayReport }) {
  return (
    <Scrolling label="Deliveries by subscription">
      <table>
        <thead>
          <tr>
            <th scope="col">Subscription</th>
            <th scope="col" class="number">
              Deliveries
            </th>
          </tr>
        </thead>
        <tbody>
          {Object.entries(report.deliveries).map(([name, count]) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td class="number">{count.toLocaleString("en")}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scrolling>
  );
}
