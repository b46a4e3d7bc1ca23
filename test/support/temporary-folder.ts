import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Node's own cache of compiled modules, shared by all that a run starts: a command then starts in half the time. */
const compileCache = "node-compile-cache";

/**
 * vitest's global set-up: gives a run a temporary folder of its own, removed at its end, also where it is stopped. Fails the
 * run where a test left something there: nobody looks into the system's temporary folder until a disk is full.
 */
export default function giveTemporaryFolder(): () => void {
  const folder = mkdtempSync(join(tmpdir(), "wagglebus-tests-"));
  process.env.TMPDIR = folder;
  process.env.NODE_COMPILE_CACHE = join(folder, compileCache);
  const remove = () => rmSync(folder, { recursive: true, force: true });
  process.once("exit", remove);
  return () => {
    const left = readdirSync(folder).filter((name) => name !== compileCache);
    remove();
    if (left.length > 0) throw new Error(`the tests left in the temporary folder: ${left.sort().join(", ")}`);
  };
}
