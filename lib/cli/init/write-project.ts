import { mkdir, rm, rmdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { messageOf } from "../../error/message-of.ts";
import { CliError } from "../report-error.ts";
import type { ProjectFile } from "./project.ts";

/**
 * Writes the files of a project into a folder, which is made. It overwrites nothing. Where a file cannot be written, or the
 * signal is aborted, everything that was made is removed before it rejects.
 */
export async function writeProject(target: string, files: Iterable<ProjectFile>, signal: AbortSignal): Promise<void> {
  const folders: string[] = [];
  const written: string[] = [];
  try {
    for (const { path, text } of files) {
      signal.throwIfAborted();
      const file = join(target, path);
      await write(file, text, folders);
      written.push(file);
    }
    signal.throwIfAborted();
  } catch (thrown) {
    for (const file of written) await rm(file, { force: true });
    // Whatever somebody else has put there meanwhile stays, and so does its folder.
    for (const folder of folders.reverse()) await rmdir(folder).catch(() => {});
    throw thrown;
  }
}

async function write(file: string, text: string, made: string[]): Promise<void> {
  try {
    await makeFolder(dirname(file), made);
    await writeFile(file, text, { flag: "wx" });
  } catch (thrown) {
    throw new CliError(`${file} cannot be written: ${messageOf(thrown)}`, { cause: thrown });
  }
}

/** Makes a folder and those above it that are missing, and adds each to `made`, the uppermost first. */
async function makeFolder(folder: string, made: string[]): Promise<void> {
  try {
    await mkdir(folder);
    made.push(folder);
  } catch (thrown) {
    const code = thrown instanceof Error && "code" in thrown ? thrown.code : undefined;
    if (code === "ENOENT") {
      await makeFolder(dirname(folder), made);
      return makeFolder(folder, made);
    }
    if (code !== "EEXIST") throw thrown;
  }
}
