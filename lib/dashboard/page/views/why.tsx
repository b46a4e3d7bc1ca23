import type { SubscriptionState } from "../../../engine/subscription-store.ts";
import { Filter } from "../parts/filter.tsx";
import { EventLink, FlowLink } from "../parts/links.tsx";
import { Problem } from "../parts/problem.tsx";
import { Status, type Tone } from "../parts/status.tsx";
import { Scrolling, View } from "../parts/view.tsx";
import { useAnswer } from "../state/hooks.ts";
import { urlOf } from "../state/places.ts";
import { listOf, shapeOf } from "../state/read.ts";

/** What the page reads of an explanation. */
interface Explanation {
  readonly eventId: string;
  readonly type: string;
  readonly correlationId: string;
  readonly subscription: string;
  readonly status: string;
  readonly text: string;
  readonly fix?: string;
  readonly mismatches: readonly { readonly path: string; readonly expected: string; readonly found: string }[];
  readonly edits: readonly { readonly path: string; readonly text: string }[];
}

const toneOf: Readonly<Partial<Record<string, Tone>>> = {
  done: "good",
  pending: "busy",
  dead: "bad",
  not_matched: "bad",
  not_queued: "bad",
};

/** Why an event was, or was not, delivered to a subscription. */
export function Why({ query }: { readonly query: URLSearchParams }) {
  const event = query.get("event") ?? "";
  const subscription = query.get("subscription") ?? "";
  const { value: names } = useAnswer("/v1/subscriptions", (answer) =>
    listOf<SubscriptionState>(answer.subscriptions, "record").map(({ record }) => record.name),
  );
  const asked = event !== "" && subscription !== "";
  const { value, error } = useAnswer(
    asked ? `/v1/explain?${new URLSearchParams({ event, subscription })}` : undefined,
    (answer) => shapeOf<Explanation>(answer, "eventId", "type", "status", "text", "mismatches", "edits"),
  );
  const options = [...new Set(["", ...(subscription === "" ? [] : [subscription]), ...(names ?? [])])];
  return (
    <View
      title="Why, or why not?"
      lead="Pick an event and a subscription: which clause of the pattern failed, or what became of the delivery."
    >
      <Filter
        view="/why"
        query={query}
        button="Explain"
        fields={[
          { name: "event", label: "Id of the event" },
          {
            name: "subscription",
            label: "Subscription",
            options: options.map((name) => ({ value: name, label: name === "" ? "Choose one" : name })),
          },
        ]}
      />
      {asked && error !== undefined && <Problem error={error} what="It cannot be explained." />}
      {value !== undefined && <Explained explanation={value} />}
    </View>
  );
}

function Explained({ explanation }: { readonly explanation: Explanation }) {
  const { correlationId, edits, eventId, fix, mismatches, status, subscription, text, type } = explanation;
  return (
    <section aria-label="Explanation">
      <div class="notice">
        <p>
          <Status tone={toneOf[status] ?? "quiet"}>{status.replaceAll("_", " ")}</Status>{" "}
          <EventLink id={eventId} text={type} /> in <a href={urlOf("/subscriptions")}>{subscription}</a>, flow{" "}
          <FlowLink id={correlationId} />
        </p>
        <p>{text}</p>
        {fix !== undefined && (
          <p>
            <strong>What to do:</strong> {fix}
          </p>
        )}
      </div>
      {mismatches.length > 0 && (
        <Scrolling label="What does not match">
          <table>
            <thead>
              <tr>
                <th scope="col">Clause</th>
                <th scope="col">Expected</th>
                <th scope="col">Found</th>
                <th scope="col">Nearest edit</th>
              </tr>
            </thead>
            <tbody>
              {mismatches.map(({ expected, found, path }) => (
                <tr key={`${path} ${expected}`}>
                  <th scope="row">
                    <code>{path}</code>
                  </th>
                  <td class="data">{expected}</td>
                  <td class="data">{found}</td>
                  <td class="data">{edits.find((edit) => edit.path === path)?.text ?? ""}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scrolling>
      )}
    </section>
  );
}
