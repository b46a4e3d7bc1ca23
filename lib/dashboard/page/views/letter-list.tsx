import { useState } from "preact/hooks";
import type { DeadLetter } from "../../../engine/delivery.ts";
import { plural, preview } from "../format.ts";
import { EventLink, FlowLink, Time, TypeName } from "../parts/links.tsx";
import { Pager } from "../parts/pager.tsx";
import { Problem } from "../parts/problem.tsx";
import { Scrolling } from "../parts/view.tsx";
import type { Act } from "../state/dead-letters.ts";
import { useAnswer } from "../state/hooks.ts";
import { listOf } from "../state/read.ts";
import type { Intent } from "./dead-letters.tsx";

const pageSize = 25;

interface LetterListProps {
  readonly query: URLSearchParams;
  readonly onIntent: (intent: Intent) => void;
}

/** Dead letters one by one, newest first; some can be chosen. */
export function LetterList({ query, onIntent }: LetterListProps) {
  const [cursors, setCursors] = useState<readonly string[]>([]);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const cursor = cursors.at(-1);
  const asked = new URLSearchParams([
    ...query,
    ["limit", String(pageSize)],
    ...(cursor === undefined ? [] : [["cursor", cursor]]),
  ]);
  const { value, error } = useAnswer(`/v1/dead-letters?${asked}`, (answer) => ({
    letters: listOf<DeadLetter>(answer.deadLetters, "id", "event", "reason", "deadAt"),
    next: typeof answer.cursor === "string" ? answer.cursor : undefined,
  }));
  if (error !== undefined && value === undefined) return <Problem error={error} what="The list cannot be shown." />;
  if (value === undefined) return <p class="note">Loading…</p>;
  const { letters, next } = value;
  const selected = letters.filter(({ id }) => chosen.has(id));
  const choose = (act: Act, some: readonly DeadLetter[]) =>
    onIntent({
      act,
      which: { ids: some.map(({ id }) => id) },
      count: some.length,
      subscriptions: [...new Set(some.flatMap(({ subscription }) => subscription ?? []))],
      letters: some,
    });
  const toggle = (id: string) => {
    const changed = new Set(chosen);
    if (!changed.delete(id)) changed.add(id);
    setChosen(changed);
  };
  const allChosen = selected.length === letters.length;
  return (
    <>
      <h2>One by one</h2>
      <div class="bar">
        <button type="button" disabled={selected.length === 0} onClick={() => choose("redrive", selected)}>
          Redrive selected
        </button>
        <button
          type="button"
          class="danger"
          disabled={selected.length === 0}
          onClick={() => choose("discard", selected)}
        >
          Discard selected
        </button>
        <span role="status">{selected.length === 0 ? "" : `${plural(selected.length, "dead letter")} selected`}</span>
      </div>
      <Scrolling label="Dead letters one by one">
        <table>
          <thead>
            <tr>
              <th scope="col">
                <input
                  type="checkbox"
                  aria-label="Select all on this page"
                  checked={allChosen}
                  onChange={() => setChosen(allChosen ? new Set() : new Set(letters.map(({ id }) => id)))}
                />
              </th>
              <th scope="col">Died</th>
              <th scope="col">Subscription</th>
              <th scope="col">Event</th>
              <th scope="col">Flow</th>
              <th scope="col">Reason</th>
              <th scope="col" class="number">
                Attempts
              </th>
              <th scope="col">Data</th>
            </tr>
          </thead>
          <tbody>
            {letters.map(({ attempts, deadAt, event, id, reason, subscription }) => (
              <tr key={id}>
                <td>
                  <input
                    type="checkbox"
                    aria-label={`Select ${event.type} ${event.id}`}
                    checked={chosen.has(id)}
                    onChange={() => toggle(id)}
                  />
                </td>
                <td>
                  <Time iso={deadAt} />
                </td>
                <td>{subscription ?? "could not be published"}</td>
                <td>
                  <TypeName type={event.type} /> <EventLink id={event.id} />
                </td>
                <td>
                  <FlowLink id={event.metadata.correlationId} />
                </td>
                <td class="data">
                  <code>{reason.code}</code> {preview(reason.message, 200).slice(1, -1)}
                </td>
                <td class="number">{attempts}</td>
                <td class="data">
                  <code>{preview(event.data, 120)}</code>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scrolling>
      <Pager
        label="Pages of dead letters"
        {...(cursors.length === 0 ? {} : { onNewer: () => setCursors(cursors.slice(0, -1)) })}
        {...(next === undefined ? {} : { onOlder: () => setCursors([...cursors, next]) })}
      />
    </>
  );
}
