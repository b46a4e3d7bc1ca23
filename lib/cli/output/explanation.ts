import type { DeliveryExplanation, DeliveryStatus } from "../../explain/explanation.ts";
import type { CliIo } from "../io.ts";
import { endedDetails } from "./delivery-text.ts";
import { indent } from "./fields.ts";
import { printable, printableLines } from "./text.ts";
import { formatElapsed } from "./time.ts";

/** Renders what became of an event in a subscription: the conclusion, what it rests on, and the fix. */
export function renderExplanation(io: CliIo, explanation: DeliveryExplanation): string {
  const { bold, dim } = io.stdout.colors;
  const { eventId, fix, subscription, text, type } = explanation;
  const head = `${mark(io, explanation.status)} ${bold(printable(type))} ${dim(printable(eventId))} in ${bold(printable(subscription))}`;
  const lines = [head, indent(printableLines(text)), ...mismatchLines(explanation), ...endedLines(io, explanation)];
  if (fix !== undefined) lines.push(`  ${dim("fix:")} ${printable(fix)}`);
  return `${lines.join("\n")}\n`;
}

function mark(io: CliIo, status: DeliveryStatus): string {
  const { green, red, yellow, dim } = io.stdout.colors;
  const marks = {
    done: green("✓ done:"),
    dropped: dim("– dropped:"),
    dead: red("✗ dead:"),
    pending: yellow("… pending:"),
    not_matched: red("✗ not matched:"),
    not_queued: red("✗ not queued:"),
    unknown: yellow("? unknown:"),
  } satisfies Record<DeliveryStatus, string>;
  return marks[status];
}

/** What does not match although the delivery was made belongs to a pattern that was changed since. */
function mismatchLines({ edits, mismatches, status }: DeliveryExplanation): string[] {
  if (mismatches.length === 0) return [];
  const note = status === "not_matched" ? [] : ["  The pattern was changed since; it does not match now:"];
  const lines = mismatches.flatMap(({ path, expected, found }) => {
    const edit = edits.find((one) => one.path === path);
    return [
      `  ${printable(path)}: expected ${printable(expected)}; found ${printable(found)}`,
      ...(edit === undefined ? [] : [`    nearest edit: ${printable(edit.text)}`]),
    ];
  });
  return [...note, ...lines];
}

function endedLines(io: CliIo, { deadLetters, ended = [] }: DeliveryExplanation): string[] {
  const { dim } = io.stdout.colors;
  // What the text says of a dead letter that is still there is more.
  const gone = ended.filter(
    ({ outcome, replayId }) => outcome !== "dead" || !deadLetters.some((one) => one.replayId === replayId),
  );
  return gone.map((delivery) => {
    const details = endedDetails(delivery);
    const line = `  ${delivery.outcome} ${delivery.endedAt} after ${formatElapsed(delivery.totalMs)}`;
    return details === "" ? line : `${line}  ${dim(details)}`;
  });
}
