import { mkdtempSync, readdirSync, readFileSync, rmSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Node's own cache of compiled modules, shared by all that a run starts: a command then starts in half the time. */
const compileCache = "node-compile-cache";

/** How the folders begin that Chromium makes for itself, and leaves where its end is not awaited. */
const chromiumOwn = ".org.chromium.";

/**
 * Where Linux keeps files in memory. The suite commits thousands of transactions, and none of its tests is about a disk: there
 * none waits for one.
 */
const inMemory = "/dev/shm";
/** Of bytes that a run may take; it takes less than a fifth. */
const room = 2 ** 31;

/**
 * vitest's global set-up: gives a run a temporary folder of its own, removed at its end, also where it is stopped. Fails the
 * run where a test left something there: nobody looks into the system's temporary folder until a disk is full.
 */
export default function giveTemporaryFolder(): () => void {
  const folder = mkdtempSync(join(holdsFilesInMemory() ? inMemory : tmpdir(), "wagglebus-tests-"));
  process.env.TMPDIR = folder;
  process.env.NODE_COMPILE_CACHE = join(folder, compileCache);
  const remove = () => rmSync(folder, { recursive: true, force: true });
  process.once("exit", remove);
  return () => {
    const left = readdirSync(folder).filter((name) => name !== compileCache && !name.startsWith(chromiumOwn));
    remove();
    if (left.length > 0) throw new Error(`the tests left in the temporary folder: ${left.sort().join(", ")}`);
  };
}

/** Whether there is such a place, with room, and programs can be run from it: a container may have one of a few megabytes. */
function holdsFilesInMemory(): boolean {
  try {
    const mount = readFileSync("/proc/self/mounts", "utf8")
      .split("\n")
      .map((line) => line.split(" "))
      .findLast(([, path]) => path === inMemory);
    const [, , kind, options = ""] = mount ?? [];
    const { bavail, bsize } = statfsSync(inMemory);
    return (
      kind === "tmpfs" && !options.split(",").some((one) => one === "noexec" || one === "ro") && bavail * bsize >= room
    );
  } catch {
    return false;
  }
}
