import { useState } from "preact/hooks";
import type { Event } from "../../../event/event.ts";
import { approvalAnswerTypes, approvalRequestTypes } from "../../../history/approvals.ts";
import { agoText, plural, preview } from "../format.ts";
import { Confirm } from "../parts/confirm.tsx";
import { EventLink, FlowLink, whoOf } from "../parts/links.tsx";
import { Problem } from "../parts/problem.tsx";
import { Nothing, Scrolling, View } from "../parts/view.tsx";
import { type Answered, answerRequest, stretchOf, waitingOf } from "../state/approvals.ts";
import { useAnswer, useNow } from "../state/hooks.ts";

const refreshMs = 3_000;
/** Requests and answers that are looked at: the newest. */
const mostRequests = 100;
const mostAnswers = 500;

const requestsPath = pathOf(approvalRequestTypes, mostRequests);
const answersPath = pathOf(approvalAnswerTypes, mostAnswers);

/** An answer that somebody is about to give. */
interface Intent {
  readonly request: Event;
  readonly granted: boolean;
}

/** Requests that wait for a person, to grant or deny. */
export function Approvals() {
  const now = useNow();
  const asked = useAnswer(requestsPath, stretchOf, { everyMs: refreshMs });
  const answers = useAnswer(answersPath, stretchOf, { everyMs: refreshMs });
  const [intent, setIntent] = useState<Intent>();
  const [busy, setBusy] = useState(false);
  const [done, setDone] = useState<Answered>();
  const answer = async ({ request, granted }: Intent, by: string, reason: string) => {
    setBusy(true);
    const given = { ...(by === "" ? {} : { by }), ...(reason === "" ? {} : { reason }) };
    setDone(await answerRequest(request, { granted, ...given }));
    setBusy(false);
    setIntent(undefined);
    asked.reload();
    answers.reload();
  };
  const error =
    (asked.value === undefined ? asked.error : undefined) ?? (answers.value === undefined ? answers.error : undefined);
  const isWhole = asked.value?.more === false && answers.value?.more === false;
  const waiting =
    asked.value === undefined || answers.value === undefined ? undefined : waitingOf(asked.value, answers.value, now);
  return (
    <View
      title="Approvals"
      lead="Requests of agents that wait for a person. The answer goes into the flow of the request, and each is answered once."
    >
      {done !== undefined && <Outcome done={done} onClose={() => setDone(undefined)} />}
      {error !== undefined && <Problem error={error} what="Approvals cannot be shown." />}
      {waiting?.length === 0 && <Nothing>Nothing waits for a person.</Nothing>}
      {waiting !== undefined && waiting.length > 0 && <Requests requests={waiting} now={now} onIntent={setIntent} />}
      {waiting !== undefined && !isWhole && (
        <p class="note">
          These are of the newest {plural(mostRequests, "request")}, as far as the newest{" "}
          {plural(mostAnswers, "answer")} tell; <code>waggle approve</code> lists all.
        </p>
      )}
      {intent !== undefined && (
        <Ask
          intent={intent}
          busy={busy}
          onAnswer={(by, reason) => void answer(intent, by, reason)}
          onCancel={() => setIntent(undefined)}
        />
      )}
    </View>
  );
}

interface RequestsProps {
  readonly requests: readonly Event[];
  readonly now: number;
  readonly onIntent: (intent: Intent) => void;
}

function Requests({ requests, now, onIntent }: RequestsProps) {
  return (
    <Scrolling label="Requests that wait">
      <table>
        <thead>
          <tr>
            <th scope="col">Question</th>
            <th scope="col">Asked</th>
            <th scope="col">By</th>
            <th scope="col">Event</th>
            <th scope="col">Flow</th>
            <th scope="col">Do</th>
          </tr>
        </thead>
        <tbody>
          {requests.map((request) => (
            <tr key={request.id}>
              <td class="data">{questionOf(request)}</td>
              <td>{agoText(request.time, now)}</td>
              <td>{whoOf(request)}</td>
              <td>
                <EventLink id={request.id} />
              </td>
              <td>
                <FlowLink id={request.metadata.correlationId} />
              </td>
              <td class="nowrap">
                <button type="button" onClick={() => onIntent({ request, granted: true })}>
                  Approve
                </button>{" "}
                <button type="button" class="danger" onClick={() => onIntent({ request, granted: false })}>
                  Deny
                </button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scrolling>
  );
}

interface AskProps {
  readonly intent: Intent;
  readonly busy: boolean;
  readonly onAnswer: (by: string, reason: string) => void;
  readonly onCancel: () => void;
}

function Ask({ intent: { granted, request }, busy, onAnswer, onCancel }: AskProps) {
  const [by, setBy] = useState("");
  const [reason, setReason] = useState("");
  return (
    <Confirm
      title={granted ? "Approve it?" : "Deny it?"}
      action={granted ? "Approve" : "Deny"}
      danger={!granted}
      busy={busy}
      onConfirm={() => onAnswer(by.trim(), reason.trim())}
      onCancel={onCancel}
    >
      <p>{questionOf(request)}</p>
      <div class="stack">
        <label>
          <span>Reason, which the agent gets</span>
          <input value={reason} onInput={({ currentTarget }) => setReason(currentTarget.value)} />
        </label>
        <label>
          <span>Your name</span>
          <input value={by} autocomplete="name" onInput={({ currentTarget }) => setBy(currentTarget.value)} />
        </label>
      </div>
    </Confirm>
  );
}

function Outcome({
  done: { answer, error, request },
  onClose,
}: {
  readonly done: Answered;
  readonly onClose: () => void;
}) {
  return (
    <div class="notice" role="status">
      {error !== undefined && <Problem error={error} what="It was not answered by you." />}
      {answer !== undefined && (
        <p>
          <strong>Answered:</strong> <EventLink id={answer.id} text={answer.type} /> in flow{" "}
          <FlowLink id={request.metadata.correlationId} />.
        </p>
      )}
      <button type="button" onClick={onClose}>
        Close
      </button>
    </div>
  );
}

/** What is asked, by the names that requests use; else the beginning of the data. */
function questionOf({ data }: Event): string {
  const { action, prompt, question } = Object(data);
  const text = [question, prompt, action].find((one) => typeof one === "string" && one !== "");
  return typeof text === "string" ? text : preview(data);
}

function pathOf(types: readonly string[], limit: number): string {
  return `/v1/events?${new URLSearchParams([...types.map((type): [string, string] => ["type", type]), ["limit", String(limit)]])}`;
}
