import { useState } from "preact/hooks";
import type { DeadLetterGroup, DeadLetterGroups } from "../../../dead-letters/groups.ts";
import type { DeadLetter } from "../../../engine/delivery.ts";
import { agoText, plural } from "../format.ts";
import { Confirm } from "../parts/confirm.tsx";
import { Filter } from "../parts/filter.tsx";
import { Outcome } from "../parts/outcome.tsx";
import { Problem } from "../parts/problem.tsx";
import { Nothing, Scrolling, View } from "../parts/view.tsx";
import { type Act, type Done, settleDeadLetters, type Which } from "../state/dead-letters.ts";
import { useAnswer, useNow } from "../state/hooks.ts";
import { urlOf } from "../state/places.ts";
import { shapeOf } from "../state/read.ts";
import { LetterList } from "./letter-list.tsx";

/** What is asked for, and waits for a yes. */
export interface Intent {
  readonly act: Act;
  readonly which: Which;
  readonly count: number;
  readonly subscriptions: readonly string[];
  readonly letters: readonly DeadLetter[];
}

const refreshMs = 4_000;
const fields = [
  { name: "subscription", label: "Subscription" },
  { name: "type", label: "Type", placeholder: "task.*" },
  { name: "code", label: "Code", placeholder: "handler_error" },
  { name: "correlationId", label: "Flow" },
] as const;

/** Deliveries out of attempts, by what they died of. */
export function DeadLetters({ query }: { readonly query: URLSearchParams }) {
  const { value, error, reload } = useAnswer(
    `/v1/dead-letters/groups?${query}`,
    (answer) => shapeOf<DeadLetterGroups>(answer, "groups", "looked", "more"),
    { everyMs: refreshMs },
  );
  const [intent, setIntent] = useState<Intent>();
  const [busy, setBusy] = useState(false);
  const [done, setDone] = useState<Done>();
  const [round, setRound] = useState(0);
  const act = async ({ act: what, which, ...about }: Intent) => {
    setBusy(true);
    const result = await settleDeadLetters(what, which, about);
    setBusy(false);
    setIntent(undefined);
    setDone(result);
    setRound((before) => before + 1);
    reload();
  };
  return (
    <View
      title="Dead letters"
      lead="Deliveries that failed for good, by subscription and reason. A redrive delivers them again to the subscription in which they failed, with new attempts."
    >
      <Filter view="/dead-letters" fields={fields} query={query} />
      {done !== undefined && <Outcome done={done} onClose={() => setDone(undefined)} />}
      {error !== undefined && value === undefined && <Problem error={error} what="Dead letters cannot be shown." />}
      {value !== undefined && value.groups.length === 0 && (
        <Nothing>No dead letter. Nothing waits for a decision.</Nothing>
      )}
      {value !== undefined && value.groups.length > 0 && (
        <>
          <Groups groups={value.groups} onIntent={setIntent} />
          {value.more && (
            <p class="note">These are the newest {plural(value.looked, "dead letter")}; filter to see others.</p>
          )}
          <LetterList key={`${query} ${round}`} query={query} onIntent={setIntent} />
        </>
      )}
      {intent !== undefined && (
        <Ask intent={intent} busy={busy} onConfirm={() => void act(intent)} onCancel={() => setIntent(undefined)} />
      )}
    </View>
  );
}

interface GroupsProps {
  readonly groups: readonly DeadLetterGroup[];
  readonly onIntent: (intent: Intent) => void;
}

/** Groups that are shown: the largest. */
const mostGroups = 100;

function Groups({ groups, onIntent }: GroupsProps) {
  const now = useNow();
  const choose = (act: Act, { ids, subscription, count }: DeadLetterGroup) =>
    onIntent({
      act,
      which: { ids },
      count,
      subscriptions: subscription === undefined ? [] : [subscription],
      letters: [],
    });
  return (
    <Scrolling label="Dead letters by reason">
      <table>
        <thead>
          <tr>
            <th scope="col">Subscription</th>
            <th scope="col">Reason</th>
            <th scope="col" class="number">
              Dead
            </th>
            <th scope="col">Types</th>
            <th scope="col">Last</th>
            <th scope="col">Do</th>
          </tr>
        </thead>
        <tbody>
          {groups.slice(0, mostGroups).map((group) => {
            const { code, count, message, newestAt, subscription, types } = group;
            return (
              <tr key={`${subscription} ${code} ${message}`}>
                <td>
                  <a href={urlOf("/dead-letters", {}, { subscription, code })}>
                    {subscription ?? "could not be published"}
                  </a>
                </td>
                <td class="data">
                  <code>{code}</code> {message}
                </td>
                <td class="number">{count}</td>
                <td class="data">{types.join(", ")}</td>
                <td>{agoText(newestAt, now)}</td>
                <td class="nowrap">
                  <button type="button" onClick={() => choose("redrive", group)} disabled={subscription === undefined}>
                    Redrive {count}
                  </button>{" "}
                  <button type="button" class="danger" onClick={() => choose("discard", group)}>
                    Discard {count}
                  </button>
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </Scrolling>
  );
}

interface AskProps {
  readonly intent: Intent;
  readonly busy: boolean;
  readonly onConfirm: () => void;
  readonly onCancel: () => void;
}

function Ask({ intent: { act, count, subscriptions }, busy, onConfirm, onCancel }: AskProps) {
  const what = plural(count, "dead letter");
  const where = subscriptions.length === 0 ? "the subscription in which each failed" : subscriptions.join(", ");
  return (
    <Confirm
      title={act === "redrive" ? `Redrive ${what}?` : `Discard ${what}?`}
      action={act === "redrive" ? `Redrive ${what}` : `Discard ${what}`}
      danger={act === "discard"}
      busy={busy}
      onConfirm={onConfirm}
      onCancel={onCancel}
    >
      <p>
        {act === "redrive"
          ? `Each is delivered again to ${where}, with new attempts. What its handler did before it failed, it may do again.`
          : "They are deleted for good, and their deliveries are never made. History keeps the events."}
      </p>
    </Confirm>
  );
}
