import type { SubscriptionState } from "../../engine/subscription-store.ts";
import { formatDuration } from "../../event/duration.ts";
import type { CliIo } from "../io.ts";
import { renderFields } from "./fields.ts";
import { toJson } from "./json.ts";
import { renderTable } from "./table.ts";
import { formatElapsed } from "./time.ts";

/** Renders subscriptions as a table with their backlog and its age. */
export function renderSubscriptions(io: CliIo, states: readonly SubscriptionState[]): string {
  const { bold, dim, red } = io.stdout.colors;
  const number = (title: string, of: (state: SubscriptionState) => number) => ({
    title,
    text: (state: SubscriptionState) => of(state).toLocaleString("en-US"),
    align: "right" as const,
  });
  return renderTable<SubscriptionState>(
    io.stdout,
    [
      { title: "NAME", text: ({ record }) => record.name, style: bold },
      number("WAITING", ({ waiting }) => waiting),
      number("DELAYED", ({ delayed }) => delayed),
      number("RUNNING", ({ running }) => running),
      { title: "OLDEST", text: (state) => oldest(state), align: "right" },
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
export function renderSubscription(io: CliIo, state: SubscriptionState): string {
  const { bold } = io.stdout.colors;
  const { record } = state;
  const fields = renderFields(io.stdout, {
    on: record.on.join(", "),
    where: record.where === undefined ? undefined : toJson(record.where),
    waiting: String(state.waiting),
    delayed: String(state.delayed),
    running: String(state.running),
    oldest: oldest(state),
    "dead letters": String(state.deadLetters),
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

function oldest({ waiting, delayed, running, oldestAgeMs }: SubscriptionState): string {
  return waiting + delayed + running === 0 || oldestAgeMs === 0 ? "-" : formatElapsed(oldestAgeMs);
}
