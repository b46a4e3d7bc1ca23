import type { DeadLetter } from "../../engine/delivery.ts";
import type { CliIo } from "../io.ts";
import { renderEvent } from "./event-details.ts";
import { indent, renderFields } from "./fields.ts";
import { renderTable } from "./table.ts";
import { plural, printable, printableLines } from "./text.ts";
import { formatAgo } from "./time.ts";

/** Renders dead letters as a table. */
export function renderDeadLetters(io: CliIo, deadLetters: readonly DeadLetter[]): string {
  const { bold, dim, red } = io.stdout.colors;
  const now = io.now();
  return renderTable<DeadLetter>(
    io.stdout,
    [
      { title: "DIED", text: ({ deadAt }) => (io.stdout.isTTY ? formatAgo(deadAt, now) : deadAt), style: dim },
      { title: "ID", text: ({ id }) => id },
      { title: "SUBSCRIPTION", text: ({ subscription }) => subscription ?? "(not published)", style: bold },
      { title: "TYPE", text: ({ event }) => printable(event.type) },
      { title: "ATTEMPTS", text: ({ attempts }) => String(attempts), align: "right" },
      {
        title: "REASON",
        text: ({ reason }) => printable(`${reason.code}: ${reason.message}`),
        style: red,
        flexible: true,
      },
    ],
    deadLetters,
  );
}

/** Renders one dead letter with its reason, every attempt and the event. */
export function renderDeadLetter(io: CliIo, deadLetter: DeadLetter): string {
  const { bold, dim, red } = io.stdout.colors;
  const { reason } = deadLetter;
  const head = renderFields(io.stdout, {
    subscription: deadLetter.subscription ?? "none: it could not be published",
    reason: `${red(reason.code)} ${printableLines(reason.message)}`,
    attempts: String(deadLetter.attempts),
    accepted: `${deadLetter.acceptedAt} ${dim(`(${formatAgo(deadLetter.acceptedAt, io.now())})`)}`,
    died: `${deadLetter.deadAt} ${dim(`(${formatAgo(deadLetter.deadAt, io.now())})`)}`,
  });
  const failures = renderTable(
    io.stdout,
    [
      { title: "", text: (failure) => `  attempt ${failure.attempt}`, style: dim },
      { title: "", text: (failure) => failure.at, style: dim },
      { title: "", text: (failure) => printable(`${failure.code}: ${failure.message}`), flexible: true },
    ],
    deadLetter.failures,
  );
  return [
    `${bold("dead letter")} ${deadLetter.id}\n${head}`,
    deadLetter.failures.length === 0
      ? ""
      : `\n${bold(plural(deadLetter.failures.length, "failed attempt"))}\n${failures}`,
    reason.stack === undefined ? "" : `\n${bold("stack")}\n${dim(indent(printableLines(reason.stack)))}\n`,
    `\n${renderEvent(io, deadLetter.event)}`,
  ].join("");
}
