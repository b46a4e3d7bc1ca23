import { type Command, Option } from "commander";
import { type Draft, type DraftMetadata, type EventIds, eventIdNames } from "../../event/event.ts";
import type { CliIo } from "../io.ts";
import { collect, count, kebab, pointInTime } from "./values.ts";

/** Options that stand for the fields of a draft besides type and data. */
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

/** Adds them. */
export function addDraftOptions(command: Command, io: CliIo): void {
  const group = "About the events (for many: where the event itself says nothing):";
  for (const option of [
    new Option("--source <source>", "service or agent that publishes (default: configuration, else waggle-cli)"),
    new Option("--time <time>", "when it happened; default: now").argParser(pointInTime(io)),
    new Option("--id <id>", "id, for one event: published again it is a duplicate"),
    new Option("--correlation-id <id>", "the flow it belongs to; default: its own id"),
    new Option("--causation-id <id>", "id of the event that caused it"),
    ...eventIdNames.map((name) => new Option(`--${kebab(name)} <id>`, `${name} of the metadata`)),
    new Option("--priority <number>", "1 (most urgent) to 10; default 5").argParser(count(1, 10)),
    new Option("--expires-at <time>", "never delivered after it (RFC 3339)"),
    new Option("--tag <tag>", "tag; may be given several times").argParser(collect),
  ]) {
    command.addOption(option.helpGroup(group));
  }
}

const metadataNames = ["correlationId", "causationId", "priority", "expiresAt", ...eventIdNames] as const;

/** The draft with what the options add where it says nothing itself. What is wrong with it, the bus says. */
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

/** Metadata that is no object is left as it is, for the bus to refuse by name. */
function mergeMetadata(added: DraftMetadata, own: DraftMetadata | undefined): DraftMetadata {
  return own === undefined || (typeof own === "object" && own !== null) ? { ...added, ...own } : own;
}
