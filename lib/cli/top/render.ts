import type { SubscriptionState } from "../../engine/subscription-store.ts";
import type { Rates, SubscriptionRates } from "../../history/rates.ts";
import type { CliIo } from "../io.ts";
import { eventLine } from "../output/event-line.ts";
import { renderSubscriptions } from "../output/subscriptions.ts";
import { renderTable } from "../output/table.ts";
import { plural, printable } from "../output/text.ts";
import type { RecentEvents } from "./recent-events.ts";

/** The numbers of a bus at one time. */
export interface Snapshot {
  /** RFC 3339. */
  readonly at: string;
  readonly engine: string;
  readonly perMinute: number;
  readonly rates: readonly { readonly type: string; readonly perMinute: number }[];
  readonly subscriptions: readonly SubscriptionState[];
  /** Absent where the engine does not record how deliveries end. */
  readonly ended?: Readonly<Record<string, SubscriptionRates>>;
  readonly waiting: number;
  readonly delayed: number;
  readonly running: number;
  readonly deadLetters: number;
}

/** Types that are shown with their rates. */
const mostTypes = 8;
/** Lines of a terminal whose height is not known. */
const defaultRows = 24;

/** Takes the numbers together. */
export function snapshotOf(
  engine: string,
  subscriptions: readonly SubscriptionState[],
  recent: RecentEvents,
  now: number,
  ended?: Rates,
): Snapshot {
  const sum = (of: (state: SubscriptionState) => number) =>
    subscriptions.reduce((total, state) => total + of(state), 0);
  const rates = recent.rates(now);
  return {
    at: new Date(now).toISOString(),
    engine,
    perMinute: rates.reduce((total, { perMinute }) => total + perMinute, 0),
    rates,
    // Engines promise no order, and rows must not jump.
    subscriptions: subscriptions.toSorted((one, other) => (one.record.name < other.record.name ? -1 : 1)),
    ...(ended === undefined ? {} : { ended: Object.fromEntries(ended.subscriptions) }),
    waiting: sum(({ waiting }) => waiting),
    delayed: sum(({ delayed }) => delayed),
    running: sum(({ running }) => running),
    deadLetters: sum(({ deadLetters }) => deadLetters),
  };
}

/** The numbers in one line. */
export function renderLine(snapshot: Snapshot): string {
  const { at, deadLetters, delayed, perMinute, running, waiting } = snapshot;
  return `${at}  ${plural(perMinute, "event")}/min  ${waiting} waiting  ${delayed} delayed  ${running} running  ${plural(deadLetters, "dead letter")}`;
}

/** The whole screen: numbers, rates by type, subscriptions, and as many of the newest events as there is room for. */
export function renderScreen(io: CliIo, snapshot: Snapshot, recent: RecentEvents, ended?: Rates): string {
  const { bold, dim, red, cyan } = io.stdout.colors;
  const { deadLetters, delayed, engine, perMinute, rates, running, subscriptions, waiting } = snapshot;
  const dead = plural(deadLetters, "dead letter");
  const facts = [
    `${bold("waggle top")} ${dim(engine)}`,
    cyan(`${plural(perMinute, "event")}/min`),
    `${waiting} waiting`,
    `${delayed} delayed`,
    `${running} running`,
    deadLetters > 0 ? red(dead) : dead,
  ];
  const types = renderTable(
    io.stdout,
    [
      { title: "TYPE", text: ({ type }) => printable(type) },
      { title: "PER MIN", text: (rate) => rate.perMinute.toLocaleString("en-US"), align: "right" },
    ],
    rates.slice(0, mostTypes),
  );
  const parts = [
    `${facts.join(dim(" · "))}\n`,
    subscriptions.length === 0 ? dim("there are no subscriptions\n") : renderSubscriptions(io, subscriptions, ended),
    rates.length === 0 ? dim("no events since the start\n") : types,
  ];
  const head = parts.join("\n");
  const room = (io.stdout.rows ?? defaultRows) - head.split("\n").length - 1;
  const lines = recent.newest.slice(-Math.max(0, room)).map((event) => eventLine(io.stdout, event));
  return room > 0 ? `${head}\n${lines.join("")}` : head;
}
