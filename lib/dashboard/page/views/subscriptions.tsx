import { useState } from "preact/hooks";
import type { PendingDelivery } from "../../../engine/delivery.ts";
import type { SubscriptionState } from "../../../engine/subscription-store.ts";
import type { BusError } from "../../../error/bus-error.ts";
import type { Quantiles, SubscriptionRates } from "../../../history/rates.ts";
import { durationText, plural } from "../format.ts";
import { Confirm } from "../parts/confirm.tsx";
import { Problem } from "../parts/problem.tsx";
import { Status } from "../parts/status.tsx";
import { Nothing, Scrolling, View } from "../parts/view.tsx";
import { useAnswer } from "../state/hooks.ts";
import { urlOf } from "../state/places.ts";
import { listOf } from "../state/read.ts";
import { ratesIn, type Switch, switchSubscription } from "../state/subscriptions.ts";

const refreshMs = 2_000;
/** Subscriptions that are shown: those that need a look come first. */
const mostShown = 200;

/** A subscription, and whether a process handles it, as far as the engine knows. */
export type Subscription = SubscriptionState & { readonly handled?: PendingDelivery["handled"] };

/** How each subscription stands. */
export function Subscriptions() {
  const [intent, setIntent] = useState<Switch>();
  const [done, setDone] = useState<{ readonly error?: BusError; readonly text?: string }>({});
  const [busy, setBusy] = useState(false);
  const { value, error, reload } = useAnswer(
    "/v1/subscriptions?rates=1",
    (answer) => ({
      subscriptions: listOf<Subscription>(answer.subscriptions, "record", "waiting", "deadLetters"),
      rates: ratesIn(answer.rates),
    }),
    { everyMs: refreshMs },
  );
  const act = async (change: Switch) => {
    setBusy(true);
    setDone(await switchSubscription(change));
    setBusy(false);
    setIntent(undefined);
    reload();
  };
  const rates = value?.rates;
  const sorted = value?.subscriptions.toSorted(
    (a, b) => concern(b) - concern(a) || a.record.name.localeCompare(b.record.name),
  );
  return (
    <View title="Subscriptions" lead="What waits for whom. Those that need a look come first.">
      {error !== undefined && value === undefined && <Problem error={error} what="Subscriptions cannot be shown." />}
      {done.error !== undefined && <Problem error={done.error} what="The subscription is as it was." />}
      <p role="status">{done.text}</p>
      {value !== undefined && rates === undefined && (
        <p class="note">This engine does not record how deliveries end: no rates and durations are known.</p>
      )}
      {rates !== undefined && (
        <p class="note">Rates are of deliveries that ended in the last {durationText(rates.overMs)}.</p>
      )}
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
                {rates !== undefined && (
                  <>
                    <th scope="col" class="number">
                      Done/min
                    </th>
                    <th scope="col" class="number">
                      Failed/min
                    </th>
                    <th scope="col" class="number">
                      Run p50, p95
                    </th>
                    <th scope="col" class="number">
                      Wait p50, p95
                    </th>
                  </>
                )}
                <th scope="col" class="number">
                  Dead
                </th>
                <th scope="col">On</th>
                <th scope="col">Settings</th>
                <th scope="col">Do</th>
              </tr>
            </thead>
            <tbody>
              {sorted.slice(0, mostShown).map((one) => (
                <Row key={one.record.name} subscription={one} rates={rates} onSwitch={setIntent} />
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
      {intent !== undefined && (
        <Ask intent={intent} busy={busy} onConfirm={() => void act(intent)} onCancel={() => setIntent(undefined)} />
      )}
    </View>
  );
}

interface AskProps {
  readonly intent: Switch;
  readonly busy: boolean;
  readonly onConfirm: () => void;
  readonly onCancel: () => void;
}

function Ask({ intent: { backlog, call, name }, ...rest }: AskProps) {
  const waits = `${plural(backlog, "delivery", "deliveries")} ${backlog === 1 ? "waits" : "wait"}`;
  return call === "pause" ? (
    <Confirm title={`Pause ${name}?`} action={`Pause ${name}`} {...rest}>
      <p>
        No process begins a delivery of it any more, until it is resumed. What runs goes on, and new events collect.
      </p>
      <p>{waits} now.</p>
    </Confirm>
  ) : (
    <Confirm title={`Resume ${name}?`} action={`Resume ${name}`} {...rest}>
      <p>{waits}, and begin at once, by priority and age.</p>
    </Confirm>
  );
}

interface RowProps {
  readonly subscription: Subscription;
  /** Undefined where the engine does not know them. */
  readonly rates: ReturnType<typeof ratesIn>;
  readonly onSwitch: (change: Switch) => void;
}

function Row({ subscription, rates, onSwitch }: RowProps) {
  const { deadLetters, delayed, ephemeral, oldestAgeMs, record, running, waiting } = subscription;
  const { attempts, concurrency, name, on, ordered, timeout } = record;
  const call = subscription.paused === true ? "resume" : "pause";
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
      {rates !== undefined && <RateCells rates={rates.subscriptions.get(name)} />}
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
      <td>
        <button
          type="button"
          aria-label={`${call === "pause" ? "Pause" : "Resume"} ${name}`}
          onClick={() => onSwitch({ call, name, backlog: waiting + delayed })}
        >
          {call === "pause" ? "Pause" : "Resume"}
        </button>
      </td>
    </tr>
  );
}

/** A dash where nothing ended: 0 would be a duration. */
function RateCells({ rates }: { readonly rates: SubscriptionRates | undefined }) {
  const perMinute = (rate: number | undefined) =>
    rate === undefined ? "–" : rate.toLocaleString("en", { maximumFractionDigits: rate < 10 ? 1 : 0 });
  const times = (one: Quantiles | undefined) =>
    one === undefined ? "–" : `${durationText(one.p50)}, ${durationText(one.p95)}`;
  return (
    <>
      <td class="number">{perMinute(rates?.handledPerMinute)}</td>
      <td class="number">{perMinute(rates?.failedPerMinute)}</td>
      <td class="number">{times(rates?.runMs)}</td>
      <td class="number">{times(rates?.waitMs)}</td>
    </>
  );
}

function State({ subscription }: { readonly subscription: Subscription }) {
  const { backfilling, deadLetters, delayed, handled, paused, running, waiting } = subscription;
  if (paused === true) {
    const more = running > 0 ? "; what runs goes on" : handled === false ? "; no process handles it" : "";
    return <Status tone="busy">{`paused${more}`}</Status>;
  }
  if (handled === false && waiting + delayed > 0) return <Status tone="bad">no process handles it</Status>;
  if (handled === false) return <Status tone="quiet">no process handles it; nothing waits</Status>;
  if (backfilling === true) return <Status tone="busy">takes up history</Status>;
  if (running > 0) return <Status tone="busy">at work</Status>;
  if (waiting > 0) return <Status tone="busy">waiting</Status>;
  if (delayed > 0) return <Status tone="busy">retrying later</Status>;
  return deadLetters > 0 ? <Status tone="bad">idle, with dead letters</Status> : <Status tone="good">idle</Status>;
}

/** What needs a look sooner is greater. */
function concern({ deadLetters, delayed, handled, paused, waiting }: Subscription): number {
  if (paused === true) return 3;
  if (handled === false && waiting + delayed > 0) return 3;
  return deadLetters > 0 ? 2 : waiting + delayed > 0 ? 1 : 0;
}
