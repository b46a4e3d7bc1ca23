import type { PendingDelivery } from "../../../engine/delivery.ts";
import type { SubscriptionState } from "../../../engine/subscription-store.ts";
import { durationText, plural } from "../format.ts";
import { Problem } from "../parts/problem.tsx";
import { Status } from "../parts/status.tsx";
import { Nothing, Scrolling, View } from "../parts/view.tsx";
import { useAnswer } from "../state/hooks.ts";
import { urlOf } from "../state/places.ts";
import { listOf } from "../state/read.ts";

const refreshMs = 2_000;
/** Subscriptions that are shown: those that need a look come first. */
const mostShown = 200;

/** A subscription, and whether a process handles it, as far as the engine knows. */
export type Subscription = SubscriptionState & { readonly handled?: PendingDelivery["handled"] };

/** How each subscription stands. */
export function Subscriptions() {
  const { value, error } = useAnswer(
    "/v1/subscriptions",
    (answer) => listOf<Subscription>(answer.subscriptions, "record", "waiting", "deadLetters"),
    { everyMs: refreshMs },
  );
  const sorted = value?.toSorted((a, b) => concern(b) - concern(a) || a.record.name.localeCompare(b.record.name));
  return (
    <View title="Subscriptions" lead="What waits for whom. Those that need a look come first.">
      {error !== undefined && value === undefined && <Problem error={error} what="Subscriptions cannot be shown." />}
      {sorted?.length === 0 && <Nothing>No subscription yet: nobody has asked for an event.</Nothing>}
      {sorted !== undefined && sorted.length > 0 && (
        <Scrolling label="Subscriptions">
          <table>
            <thead>
              <tr>
                <th scope="col">Name</th>
                <th scope="col">State</th>
                <th scope="col" class="number">
                  Waiting
                </th>
                <th scope="col" class="number">
                  Delayed
                </th>
                <th scope="col" class="number">
                  Running
                </th>
                <th scope="col" class="number">
                  Oldest
                </th>
                <th scope="col" class="number">
                  Dead
                </th>
                <th scope="col">On</th>
                <th scope="col">Settings</th>
              </tr>
            </thead>
            <tbody>
              {sorted.slice(0, mostShown).map((one) => (
                <Row key={one.record.name} subscription={one} />
              ))}
            </tbody>
          </table>
        </Scrolling>
      )}
      {sorted !== undefined && sorted.length > mostShown && (
        <p class="note">
          {mostShown} of {plural(sorted.length, "subscription")} are shown.
        </p>
      )}
    </View>
  );
}

function Row({ subscription }: { readonly subscription: Subscription }) {
  const { deadLetters, delayed, ephemeral, oldestAgeMs, record, running, waiting } = subscription;
  const { attempts, concurrency, name, on, ordered, timeout } = record;
  return (
    <tr>
      <th scope="row">
        {name}
        {ephemeral && <div class="note">ends with its process</div>}
      </th>
      <td>
        <State subscription={subscription} />
      </td>
      <td class="number">{waiting.toLocaleString("en")}</td>
      <td class="number">{delayed.toLocaleString("en")}</td>
      <td class="number">{running.toLocaleString("en")}</td>
      <td class="number">{oldestAgeMs === 0 ? "" : durationText(oldestAgeMs)}</td>
      <td class="number">
        {deadLetters === 0 ? (
          0
        ) : (
          <a
            href={urlOf("/dead-letters", {}, { subscription: name })}
            aria-label={`${deadLetters} dead letters of ${name}`}
          >
            {deadLetters.toLocaleString("en")}
          </a>
        )}
      </td>
      <td class="data">
        <code>{on.join(", ")}</code>
      </td>
      <td class="data">
        {attempts} attempts, {concurrency} at once, {durationText(timeout)} each
        {ordered !== undefined && (
          <>
            , in order of <code>{ordered}</code>
          </>
        )}
        {record.where !== undefined && (
          <>
            , where <code>{JSON.stringify(record.where)}</code>
          </>
        )}
      </td>
    </tr>
  );
}

function State({ subscription }: { readonly subscription: Subscription }) {
  const { backfilling, deadLetters, delayed, handled, running, waiting } = subscription;
  if (handled === false && waiting + delayed > 0) return <Status tone="bad">no process handles it</Status>;
  if (handled === false) return <Status tone="quiet">no process handles it; nothing waits</Status>;
  if (backfilling === true) return <Status tone="busy">takes up history</Status>;
  if (running > 0) return <Status tone="busy">at work</Status>;
  if (waiting > 0) return <Status tone="busy">waiting</Status>;
  if (delayed > 0) return <Status tone="busy">retrying later</Status>;
  return deadLetters > 0 ? <Status tone="bad">idle, with dead letters</Status> : <Status tone="good">idle</Status>;
}

/** What needs a look sooner is greater. */
function concern({ deadLetters, delayed, handled, waiting }: Subscription): number {
  if (handled === false && waiting + delayed > 0) return 3;
  return deadLetters > 0 ? 2 : waiting + delayed > 0 ? 1 : 0;
}
