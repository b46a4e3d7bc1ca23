import { dirname, join, resolve } from "node:path";
import type { CliIo } from "../io.ts";
import type { BusOptions } from "../open-bus.ts";

/** Where the tokens of a bus are: the named file, else `tokens.json` beside its database, else in `.waggle/`. */
export function tokenFileOf(
  io: Pick<CliIo, "cwd">,
  { file }: Pick<BusOptions, "file">,
  given: string | undefined,
): string {
  if (given !== undefined) return resolve(io.cwd, given);
  return join(file === undefined ? resolve(io.cwd, ".waggle") : dirname(file), "tokens.json");
}
