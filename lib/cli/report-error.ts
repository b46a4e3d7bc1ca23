import { inspect } from "node:util";
import { BusError } from "../error/bus-error.ts";
import type { CliIo } from "./io.ts";
import { writeJson } from "./output/json.ts";
import { printableLines } from "./output/text.ts";

/** A failure that is the user's to fix, such as a file that is not there: the message says how, a stack would not. */
export class CliError extends Error {
  override readonly name = "CliError";
}

/**
 * Says on stderr what went wrong: `code: message` for what the bus refused, the message for what the user can fix, the
 * stack for a bug. For programs, what the bus refused is `{ "error": { code, message, … } }`.
 */
export function reportError(thrown: unknown, io: CliIo, json: boolean): void {
  const { red, dim } = io.stderr.colors;
  if (json && thrown instanceof BusError) writeJson(io.stderr, { error: thrown });
  else if (json && thrown instanceof CliError) writeJson(io.stderr, { error: { message: thrown.message } });
  else if (thrown instanceof BusError) {
    io.stderr.write(`${red(`${thrown.code}:`)} ${printableLines(thrown.message)}\n`);
  } else if (thrown instanceof CliError) {
    io.stderr.write(`${red("error:")} ${printableLines(thrown.message)}\n`);
  } else {
    const stack = thrown instanceof Error ? inspect(thrown) : `thrown: ${inspect(thrown)}`;
    io.stderr.write(`${stack}\n${dim("This is a bug in waggle; please report it with these lines.")}\n`);
  }
}
