import { type Command, Option } from "commander";
import { type Draft, type DraftMetadata, type EventIds, eventIdNames } from "../../event/event.ts";
import type { CliIo } from "../io.ts";
import { collect, count, kebab, pointInTime } from "./values.ts";

/** Options for the fields of a draft other than type and data. */
export interface DraftOptions extends EventIds {
  source?: string;
  time?: string;
  id?: string;
  correlationId?: string;
  causationId?: string;
  priority?: number;
  expiresAt?: string;
  tag?: string[];
}

/** Adds an option for each field of {@link DraftOptions}. */
export function addDraftOptions(command: Command, io: CliIo): void {
  const group = "Fields of the events (with many events: defaults for missing fields):";
  for (const option of [
    new Option("--source <source>", "service or agent that publishes (default: configuration, else waggle-cli)"),
    new Option("--time <time>", "when it happened; default: now").argParser(pointInTime(io)),
    new Option("--id <id>", "for one event: id; an event with a stored id is a duplicate"),
    new Option("--correlation-id <id>", "id of the flow; default: the event's own id"),
    new Option("--causation-id <id>", "id of the event that caused it"),
    ...eventIdNames.map((name) => new Option(`--${kebab(name)} <id>`, `${name} of the metadata`)),
    new Option("--priority <number>", "1 (most urgent) to 10; default 5").argParser(count(1, 10)),
    new Option("--expires-at <time>", "do not deliver after this time (RFC 3339)"),
    new Option("--tag <tag>", "tag; may be repeated").argParser(collect),
  ]) {
    command.addOption(option.helpGroup(group));
  }
}

const metadataNames = ["correlationId", "causationId", "priority", "expiresAt", ...eventIdNames] as const;

/** Fills in missing fields of a draft from the options. The bus validates the result. */
export function completeDraft(draft: Draft, options: DraftOptions): Draft {
  const added: DraftMetadata = {
    ...Object.fromEntries(
      metadataNames.flatMap((name) => (options[name] === undefined ? [] : [[name, options[name]]])),
    ),
    ...(options.tag === undefined ? {} : { tags: options.tag }),
  };
  const metadata = Object.keys(added).length === 0 ? draft.metadata : mergeMetadata(added, draft.metadata);
  return {
    ...(options.source === undefined ? {} : { source: options.source }),
    ...(options.time === undefined ? {} : { time: options.time }),
    ...(options.id === undefined ? {} : { id: options.id }),
    ...draft,
    ...(metadata === undefined ? {} : { metadata }),
  };
}

/** Metadata that is not an object is kept, so that the bus reports it. */
function mergeMetadata(added: DraftMetadata, own: DraftMetadata | undefined): DraftMetadata {
  return own === undefined || (typeof own === "object" && own !== null) ? { ...added, ...own } : own;
}
