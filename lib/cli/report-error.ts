import { inspect } from "node:util";
import { BusError } from "../error/bus-error.ts";
import type { CliIo } from "./io.ts";
import { writeJson } from "./output/json.ts";
import { printableLines } from "./output/text.ts";

/** An error that the user can fix, such as a missing file. It is reported without a stack. */
export class CliError extends Error {
  override readonly name = "CliError";
}

/**
 * Reports an error on stderr: a BusError as `code: message`, a CliError as its message, anything else, a bug, with its stack.
 * With `--json` a BusError is `{ "error": { code, message, … } }`.
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
