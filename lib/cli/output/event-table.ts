import type { Event } from "../../event/event.ts";
import type { CliIo } from "../io.ts";
import { dataDigest } from "./data-digest.ts";
import { type Column, renderTable } from "./table.ts";
import { printable } from "./text.ts";
import { formatAgo } from "./time.ts";

/** Renders events as a table. A terminal shows ages, other outputs exact times. */
export function renderEvents(io: CliIo, events: readonly Event[]): string {
  const { dim, bold } = io.stdout.colors;
  const now = io.now();
  const columns: Column<Event>[] = [
    { title: "TIME", text: ({ time }) => (io.stdout.isTTY ? formatAgo(time, now) : time), style: dim },
    { title: "TYPE", text: ({ type }) => printable(type), style: bold },
    { title: "SOURCE", text: ({ source }) => printable(source) },
    { title: "ID", text: ({ id }) => id },
    { title: "DATA", text: ({ data }) => dataDigest(data), style: dim, flexible: true },
  ];
  return renderTable(io.stdout, columns, events);
}
