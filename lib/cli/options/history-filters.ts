import { type Command, Option } from "commander";
import type { HistoryQuery } from "../../engine/queries.ts";
import { eventIdNames } from "../../event/event.ts";
import type { CliIo } from "../io.ts";
import { collect, kebab, pointInTime } from "./values.ts";

/** Options that stand for the fields of a history query; their names are the fields' own. */
export type HistoryFilterOptions = Omit<HistoryQuery, "ids" | "type" | "tag"> & { type?: string[]; tag?: string[] };

const texts = {
  source: "published by this service or agent",
  correlationId: "of this flow",
  causationId: "caused by this event",
  ...Object.fromEntries(eventIdNames.map((name) => [name, `of this ${name.slice(0, -2)}`])),
};

const times = {
  since: "accepted at or after: a time, a day, or how long ago (15m)",
  until: "accepted before",
  happenedSince: "whose own time is at or after",
  happenedUntil: "whose own time is before",
};

/** Adds an option for every field of a history query except `ids`, which are arguments. */
export function addHistoryFilters(command: Command, io: CliIo, without: readonly (keyof typeof times)[] = []): void {
  const group = "Which events (all that are given must match):";
  const add = (option: Option) => command.addOption(option.helpGroup(group));
  add(new Option("-t, --type <type>", "type, * allowed; may be given several times").argParser(collect));
  for (const [name, says] of Object.entries(texts)) {
    add(new Option(`--${kebab(name)} <${name.endsWith("Id") ? "id" : name}>`, says));
  }
  add(new Option("--tag <tag>", "with this tag; given several times, with all of them").argParser(collect));
  for (const [name, says] of Object.entries(times)) {
    if (without.some((left) => left === name)) continue;
    add(new Option(`--${kebab(name)} <time>`, says).argParser(pointInTime(io)));
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

/** The query that the options stand for. */
export function historyQuery(options: HistoryFilterOptions): HistoryQuery {
  return Object.fromEntries(queryNames.flatMap((name) => (options[name] === undefined ? [] : [[name, options[name]]])));
}
