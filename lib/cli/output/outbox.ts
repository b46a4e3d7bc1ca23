import type { OutboxEntry } from "../../outbox/outbox.ts";
import type { CliIo } from "../io.ts";
import { renderTable } from "./table.ts";
import { printable } from "./text.ts";
import { formatAgo } from "./time.ts";

/** Renders entries of an outbox as a table. */
export function renderEntries(io: CliIo, entries: readonly OutboxEntry[]): string {
  const { bold, dim, red, yellow } = io.stdout.colors;
  const now = io.now();
  return renderTable<OutboxEntry>(
    io.stdout,
    [
      { title: "ADDED", text: ({ addedAt }) => (io.stdout.isTTY ? formatAgo(addedAt, now) : addedAt), style: dim },
      { title: "ID", text: ({ id }) => printable(id) },
      { title: "TYPE", text: ({ type }) => printable(type ?? "(cannot be read)"), style: bold },
      { title: "KEY", text: ({ key }) => printable(key) },
      {
        title: "STATE",
        text: ({ state }) => state,
        style: (text, { state }) => (state === "failed" ? red : yellow)(text),
      },
      { title: "ATTEMPTS", text: ({ attempts }) => String(attempts), align: "right" },
      {
        title: "REASON",
        text: ({ error }) => (error === undefined ? "" : printable(`${error.code}: ${error.message}`)),
        style: red,
        flexible: true,
      },
    ],
    entries,
  );
}
