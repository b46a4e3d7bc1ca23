import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * vitest's global set-up: gives a run a temporary folder of its own, removed at its end. Fails the run where a test left
 * something there: nobody looks into the system's temporary folder until a disk is full.
 */
export default async function giveTemporaryFolder(): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), "wagglebus-tests-"));
  process.env.TMPDIR = folder;
  return async () => {
    const left = await readdir(folder);
    await rm(folder, { recursive: true, force: true });
    if (left.length > 0) throw new Error(`the tests left in the temporary folder: ${left.sort().join(", ")}`);
  };
}
