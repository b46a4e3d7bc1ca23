import type { Event } from "../../event/event.ts";
import type { CliOutput } from "../io.ts";
import { dataDigest } from "./data-digest.ts";
import { displayWidth, printable, truncate } from "./text.ts";

/** Renders an event as one line. The columns fit most types and sources; a longer value makes its own column wider. */
export function eventLine({ colors, isTTY, columns }: CliOutput, event: Event): string {
  const { dim, bold } = colors;
  const time = isTTY ? event.time.slice(11, 23) : event.time;
  const type = printable(event.type).padEnd(26);
  const source = printable(event.source).padEnd(12);
  const room = isTTY ? columns - displayWidth(`${time}${type}${source}`) - 6 : Infinity;
  const data = truncate(dataDigest(event.data), Math.max(0, room));
  return `${dim(time)}  ${bold(type)}  ${source}  ${dim(data)}\n`;
}
