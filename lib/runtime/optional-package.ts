import { BusError } from "../error/bus-error.ts";

/**
 * Loads what needs a package that not every server needs. Rejects with `invalid_config`, which says what to install, where the
 * package is missing.
 */
export async function loadOptional<Module>(
  load: () => Promise<Module>,
  what: string,
  install: string,
): Promise<Module> {
  try {
    return await load();
  } catch (thrown) {
    const missing = thrown instanceof Error && "code" in thrown && thrown.code === "ERR_MODULE_NOT_FOUND";
    const name = missing ? /package '([^']+)'/.exec(thrown.message)?.[1] : undefined;
    if (name === undefined) throw thrown;
    throw new BusError("invalid_config", `${what} needs ${name}, which is not installed; run: npm i ${install}`, {
      cause: thrown,
      details: { package: name },
    });
  }
}
