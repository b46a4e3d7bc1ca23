import { once } from "node:events";
import { createInterface } from "node:readline";
import { type Command, Option } from "commander";
import { type CliIo, exitCodes } from "../io.ts";

/** `--yes` */
export function yesOption(): Option {
  return new Option("-y, --yes", "do not ask");
}

/**
 * Asks on a terminal whether to go on. Elsewhere nobody can answer: then `--yes` has to say so, and its absence is a
 * usage error. A no makes the exit code 1.
 */
export async function confirm(
  io: CliIo,
  command: Command,
  question: string,
  yes: boolean | undefined,
): Promise<boolean> {
  if (yes === true) return true;
  if (!io.stdin.isTTY || !io.stderr.isTTY) return command.error(`error: ${question} Say so with --yes.`);
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
