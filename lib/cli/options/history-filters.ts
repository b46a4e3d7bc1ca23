import { type Command, Option } from "commander";
import type { HistoryQuery } from "../../engine/queries.ts";
import { eventIdNames } from "../../event/event.ts";
import type { CliIo } from "../io.ts";
import { collect, kebab, pointInTime } from "./values.ts";

/** Options for the fields of a history query, with the same names. */
export type HistoryFilterOptions = Omit<HistoryQuery, "ids" | "type" | "tag"> & { type?: string[]; tag?: string[] };

const textFilters = {
  source: "published by this service or agent",
  correlationId: "of this flow",
  causationId: "caused by this event",
  ...Object.fromEntries(eventIdNames.map((name) => [name, `of this ${name.slice(0, -2)}`])),
};

const timeFilters = {
  since: "accepted at or after: a time, a day, or how long ago (15m)",
  until: "accepted before",
  happenedSince: "happened at or after",
  happenedUntil: "happened before",
};

/** Adds an option for each field of a history query except `ids`, which are arguments, and those in `without`. */
export function addHistoryFilters(
  command: Command,
  io: CliIo,
  without: readonly (keyof typeof timeFilters)[] = [],
): void {
  const group = "Filters for events (all must match):";
  const add = (option: Option) => command.addOption(option.helpGroup(group));
  add(new Option("-t, --type <type>", "type, * allowed; may be repeated").argParser(collect));
  for (const [name, description] of Object.entries(textFilters)) {
    add(new Option(`--${kebab(name)} <${name.endsWith("Id") ? "id" : name}>`, description));
  }
  add(new Option("--tag <tag>", "with this tag; if repeated, with all of them").argParser(collect));
  for (const [name, description] of Object.entries(timeFilters)) {
    if (without.some((excluded) => excluded === name)) continue;
    add(new Option(`--${kebab(name)} <time>`, description).argParser(pointInTime(io)));
  }
}

const queryNames = [
  "type",
  "source",
  "correlationId",
  "causationId",
  ...eventIdNames,
  "tag",
  "since",
  "until",
  "happenedSince",
  "happenedUntil",
] as const satisfies readonly (keyof HistoryFilterOptions)[];

/** Converts the options to a query. */
export function historyQuery(options: HistoryFilterOptions): HistoryQuery {
  return Object.fromEntries(queryNames.flatMap((name) => (options[name] === undefined ? [] : [[name, options[name]]])));
}
