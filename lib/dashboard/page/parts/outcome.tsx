import type { DeadLetter } from "../../../engine/delivery.ts";
import type { SubscriptionState } from "../../../engine/subscription-store.ts";
import type { EventDeliveries } from "../../../history/deliveries-of-event.ts";
import { plural } from "../format.ts";
import type { Done } from "../state/dead-letters.ts";
import { useAnswer } from "../state/hooks.ts";
import { listOf, shapeOf } from "../state/read.ts";
import { EventLink, TypeName } from "./links.tsx";
import { Problem } from "./problem.tsx";
import { Status } from "./status.tsx";

const followMs = 1_500;
const words = { redrive: "redriven", discard: "discarded" } as const;

/** What became of dead letters that were redriven or discarded. */
export function Outcome({ done, onClose }: { readonly done: Done; readonly onClose: () => void }) {
  const { act, error, failed, letters, subscriptions } = done;
  return (
    <div class="notice" role="status">
      {error !== undefined && <Problem error={error} what={`Nothing was ${words[act]}, as far as is known.`} />}
      {error === undefined && (
        <p>
          <strong>
            {plural(done.done, "dead letter")} {done.done === 1 ? "was" : "were"} {words[act]}.
          </strong>
        </p>
      )}
      {failed.length > 0 && (
        <>
          <p>{plural(failed.length, "dead letter")} could not be:</p>
          <ul>
            {failed.slice(0, 10).map(({ id, message }) => (
              <li key={id}>
                <code>{id}</code> {message}
              </li>
            ))}
          </ul>
        </>
      )}
      {act === "redrive" && letters.length > 0 && (
        <ul>
          {letters.map((letter) => (
            <Followed key={letter.id} letter={letter} />
          ))}
        </ul>
      )}
      {act === "redrive" && letters.length === 0 && subscriptions.map((name) => <Depths key={name} name={name} />)}
      <button type="button" onClick={onClose}>
        Close
      </button>
    </div>
  );
}

/** One letter on its way. */
function Followed({ letter }: { readonly letter: DeadLetter }) {
  const { event, subscription = "", id } = letter;
  const { value, error } = useAnswer(
    `/v1/events/${encodeURIComponent(event.id)}/deliveries`,
    (answer) => shapeOf<EventDeliveries>(answer, "deadLetters"),
    { everyMs: followMs },
  );
  return (
    <li>
      <TypeName type={event.type} /> <EventLink id={event.id} /> in {subscription}:{" "}
      {value !== undefined && <Fate deliveries={value} subscription={subscription} before={id} />}
      {value === undefined && (error === undefined ? "…" : error.message)}
    </li>
  );
}

interface FateProps {
  readonly deliveries: EventDeliveries;
  readonly subscription: string;
  /** The dead letter that was redriven. */
  readonly before: string;
}

function Fate({ deliveries: { deadLetters, ended, pending }, subscription, before }: FateProps) {
  const waits = pending?.find((one) => one.subscription === subscription);
  if (waits?.handled === false) return <Status tone="bad">waits; no process handles the subscription</Status>;
  if (waits !== undefined)
    return <Status tone="busy">{`under way (${waits.state}, attempt ${waits.attempts})`}</Status>;
  if (deadLetters.some((one) => one.subscription === subscription && one.id !== before)) {
    return <Status tone="bad">dead again</Status>;
  }
  const last = ended?.findLast((one) => one.subscription === subscription);
  if (last?.outcome === "done") return <Status tone="good">handled</Status>;
  if (last?.outcome === "dropped")
    return <Status tone="quiet">discarded: it had expired, or a filter excluded it</Status>;
  return <Status tone="quiet">queued; this engine does not tell more</Status>;
}

/** How the subscription stands that many went to. */
function Depths({ name }: { readonly name: string }) {
  const { value } = useAnswer(
    `/v1/subscriptions/${encodeURIComponent(name)}`,
    (answer) => listOf<SubscriptionState>([answer], "record", "waiting")[0],
    { everyMs: followMs },
  );
  if (value === undefined) return null;
  const left = value.waiting + value.delayed + value.running;
  return (
    <p>
      {name}: {left === 0 ? "nothing is under way any more" : `${plural(left, "delivery", "deliveries")} under way`};{" "}
      {plural(value.deadLetters, "dead letter")} now.
    </p>
  );
}
