import type { SubscriptionState } from "../../engine/subscription-store.ts";
import { formatDuration } from "../../event/duration.ts";
import type { Quantiles, Rates, SubscriptionRates } from "../../history/rates.ts";
import type { CliIo } from "../io.ts";
import { renderFields } from "./fields.ts";
import { toJson } from "./json.ts";
import { renderTable } from "./table.ts";
import { formatElapsed } from "./time.ts";

/** Renders subscriptions as a table with their backlog and its age. */
export function renderSubscriptions(io: CliIo, states: readonly SubscriptionState[], rates: Rates | undefined): string {
  const { bold, dim, red, yellow } = io.stdout.colors;
  const rate = (title: string, of: (rates: SubscriptionRates) => string) => ({
    title,
    text: ({ record }: SubscriptionState) => {
      const found = rates?.subscriptions.get(record.name);
      return found === undefined ? "-" : of(found);
    },
    align: "right" as const,
  });
  const number = (title: string, of: (state: SubscriptionState) => number) => ({
    title,
    text: (state: SubscriptionState) => of(state).toLocaleString("en-US"),
    align: "right" as const,
  });
  return renderTable<SubscriptionState>(
    io.stdout,
    [
      { title: "NAME", text: ({ record }) => record.name, style: bold },
      {
        title: "STATE",
        text: stateText,
        style: (text, state) => (state.paused === true || state.handled === false ? yellow(text) : text),
      },
      number("WAITING", ({ waiting }) => waiting),
      number("DELAYED", ({ delayed }) => delayed),
      number("RUNNING", ({ running }) => running),
      { title: "OLDEST", text: (state) => oldest(state), align: "right" },
      ...(rates === undefined
        ? []
        : [
            rate("DONE/MIN", ({ handledPerMinute }) => perMinute(handledPerMinute)),
            rate("FAILED/MIN", ({ failedPerMinute }) => perMinute(failedPerMinute)),
            rate("RUN P95", ({ runMs }) => (runMs === undefined ? "-" : formatElapsed(runMs.p95))),
            rate("WAIT P95", ({ waitMs }) => (waitMs === undefined ? "-" : formatElapsed(waitMs.p95))),
          ]),
      {
        ...number("DEAD", ({ deadLetters }) => deadLetters),
        style: (text, { deadLetters }) => (deadLetters > 0 ? red(text) : text),
      },
      { title: "ON", text: ({ record }) => record.on.join(", "), style: dim, flexible: true },
    ],
    states,
  );
}

/** Renders one subscription with its state and settings. */
export function renderSubscription(io: CliIo, state: SubscriptionState, rates: Rates | undefined): string {
  const { bold } = io.stdout.colors;
  const { record } = state;
  const own = rates?.subscriptions.get(record.name);
  const fields = renderFields(io.stdout, {
    on: record.on.join(", "),
    where: record.where === undefined ? undefined : toJson(record.where),
    state: stateText(state),
    waiting: String(state.waiting),
    delayed: String(state.delayed),
    running: String(state.running),
    oldest: oldest(state),
    "dead letters": String(state.deadLetters),
    ...(rates === undefined ? { rates: "the engine does not record how deliveries end" } : ratesText(rates, own)),
    attempts: String(record.attempts),
    backoff: `${formatDuration(record.backoff.from)} to ${formatDuration(record.backoff.to)}`,
    timeout: String(formatDuration(record.timeout)),
    concurrency: String(record.concurrency),
    ordered: record.ordered === undefined ? "no" : `by ${record.ordered}`,
    idempotent: record.idempotent ? `for ${formatDuration(record.dedupeFor)}` : "no",
    from: record.from,
    "max. backlog": record.maxBacklog === undefined ? "none" : String(record.maxBacklog),
    ephemeral: state.ephemeral ? "yes: it ends with its process" : undefined,
  });
  return `${bold("subscription")} ${record.name}\n${fields}`;
}

function ratesText({ overMs }: Rates, own: SubscriptionRates | undefined): Record<string, string | undefined> {
  const over = `in the last ${formatElapsed(overMs)}`;
  if (own === undefined) return { rates: `nothing ended ${over}` };
  const { deadPerMinute, failedPerMinute, handledPerMinute, runMs, waitMs } = own;
  const times = (one: Quantiles | undefined) =>
    one === undefined ? undefined : `p50 ${formatElapsed(one.p50)}, p95 ${formatElapsed(one.p95)}`;
  return {
    rates: `${perMinute(handledPerMinute)} handled, ${perMinute(failedPerMinute)} failed, ${perMinute(deadPerMinute)} dead a minute, ${over}`,
    run: times(runMs),
    wait: times(waitMs),
  };
}

function perMinute(rate: number): string {
  return rate.toLocaleString("en-US", { maximumFractionDigits: rate < 10 ? 1 : 0 });
}

function stateText({ backfilling, delayed, handled, paused, running, waiting }: SubscriptionState): string {
  if (paused === true) return "paused";
  if (handled === false) return "unhandled";
  if (backfilling === true) return "backfilling";
  if (running > 0) return "busy";
  return waiting + delayed > 0 ? "waiting" : "idle";
}

function oldest({ waiting, delayed, running, oldestAgeMs }: SubscriptionState): string {
  return waiting + delayed + running === 0 || oldestAgeMs === 0 ? "-" : formatElapsed(oldestAgeMs);
}
