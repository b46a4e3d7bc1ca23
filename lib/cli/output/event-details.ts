import { type Event, eventIdNames } from "../../event/event.ts";
import { eventSize } from "../../event/size.ts";
import type { CliIo } from "../io.ts";
import { formatBytes } from "./bytes.ts";
import { indent, renderFields } from "./fields.ts";
import { toJson } from "./json.ts";
import { printable } from "./text.ts";
import { formatAgo } from "./time.ts";

/** Renders all fields of one event. */
export function renderEvent(io: CliIo, event: Event): string {
  const { bold, dim } = io.stdout.colors;
  const { metadata } = event;
  const ids = eventIdNames.map((name) => [name, optional(metadata[name])] as const);
  const fields = renderFields(io.stdout, {
    id: event.id,
    source: printable(event.source),
    time: `${event.time} ${dim(`(${formatAgo(event.time, io.now())})`)}`,
    flow: printable(metadata.correlationId),
    cause: optional(metadata.causationId),
    ...Object.fromEntries(ids),
    tags: optional(metadata.tags?.join(", ")),
    version: String(metadata.version),
    priority: String(metadata.priority),
    expires: metadata.expiresAt,
    trace: optional(metadata.traceparent),
    size: formatBytes(eventSize(event)),
  });
  return `${bold(printable(event.type))}\n${fields}${indent(toJson(event.data, 2))}\n`;
}

function optional(text: string | undefined): string | undefined {
  return text === undefined ? undefined : printable(text);
}
