import type { Event } from "../../event/event.ts";
import type { CliOutput } from "../io.ts";
import { dataDigest } from "./data-digest.ts";
import { displayWidth, printable, truncate } from "./text.ts";

/** An event on one line. Lines come one by one: columns are as wide as most types and sources need, and grow where one does not fit. */
export function eventLine({ colors, isTTY, columns }: CliOutput, event: Event): string {
  const { dim, bold } = colors;
  const time = isTTY ? event.time.slice(11, 23) : event.time;
  const type = printable(event.type).padEnd(26);
  const source = printable(event.source).padEnd(12);
  const room = isTTY ? columns - displayWidth(`${time}${type}${source}`) - 6 : Infinity;
  const data = truncate(dataDigest(event.data), Math.max(0, room));
  return `${dim(time)}  ${bold(type)}  ${source}  ${dim(data)}\n`;
}
