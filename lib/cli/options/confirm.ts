import { once } from "node:events";
import { createInterface } from "node:readline";
import { type Command, Option } from "commander";
import { type CliIo, exitCodes } from "../io.ts";

/** Creates the option `--yes`. */
export function yesOption(): Option {
  return new Option("-y, --yes", "do not ask for confirmation");
}

/**
 * Asks for confirmation on a terminal. Without a terminal `--yes` is required, and its absence is a usage error. If the answer
 * is no, the exit code is 1.
 */
export async function confirm(
  io: CliIo,
  command: Command,
  question: string,
  yes: boolean | undefined,
): Promise<boolean> {
  if (yes === true) return true;
  if (!io.stdin.isTTY || !io.stderr.isTTY) return command.error(`error: ${question} Confirm with --yes.`);
  io.stderr.write(`${question} ${io.stderr.colors.dim("[y/N]")} `);
  const lines = createInterface({ input: io.stdin.stream, terminal: false });
  try {
    const closed = once(lines, "close", { signal: io.signal }).then(() => [""]);
    const [answer] = await Promise.race([once(lines, "line", { signal: io.signal }), closed]);
    if (/^y(es)?$/i.test(String(answer).trim())) return true;
    io.exitCode = exitCodes.failed;
    io.stderr.write("nothing was done\n");
    return false;
  } finally {
    lines.close();
  }
}
