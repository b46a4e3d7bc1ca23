import { type Command, Option } from "commander";
import type { DeadLetterQuery } from "../../engine/queries.ts";
import type { CliIo } from "../io.ts";
import { pointInTime } from "./values.ts";

/** Adds an option for each field of a dead-letter query. */
export function addDeadLetterFilters(command: Command, io: CliIo): void {
  const group = "Filters for dead letters (all must match):";
  const time = pointInTime(io);
  for (const option of [
    new Option("-s, --subscription <name>", "that failed in this subscription"),
    new Option("-t, --type <type>", "of this type, * allowed"),
    new Option("--correlation-id <id>", "of this flow"),
    new Option("--event-id <id>", "of this event"),
    new Option("--code <code>", "with this reason: handler_error, timeout, non_retriable, …"),
    new Option("--since <time>", "dead-lettered at or after: a time, a day, or how long ago (15m)").argParser(time),
    new Option("--until <time>", "dead-lettered before").argParser(time),
  ]) {
    command.addOption(option.helpGroup(group));
  }
}

const queryNames = ["subscription", "type", "correlationId", "eventId", "code", "since", "until"] as const;

/** Converts the options to a query. */
export function deadLetterQuery(options: DeadLetterQuery): DeadLetterQuery {
  return Object.fromEntries(queryNames.flatMap((name) => (options[name] === undefined ? [] : [[name, options[name]]])));
}
