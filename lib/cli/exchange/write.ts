import type { Stats } from "node:fs";
import { type FileHandle, mkdir, open, realpath, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { messageOf } from "../../error/message-of.ts";
import type { CliIo } from "../io.ts";
import { CliError } from "../report-error.ts";
import type { CatalogFile } from "./event-catalog.ts";

type Batches = AsyncIterable<readonly string[]> | Iterable<readonly string[]>;

/**
 * Writes lines to a file, or to stdout without one, and resolves with their number. A file is written under another name and
 * moved into place at the end: after a failure the one before is still there. A link, a device and a pipe stay what they are,
 * and a file keeps its mode. Rejects with `CliError`.
 */
export async function writeLines(io: CliIo, path: string | undefined, batches: Batches): Promise<number> {
  let written = 0;
  if (path === undefined) {
    for await (const lines of batches) {
      for (const line of lines) io.stdout.write(`${line}\n`);
      written += lines.length;
      await io.stdout.drained();
    }
    return written;
  }
  const { file, finish, discard } = await orUnwritable(path, () => openOutput(resolve(io.cwd, path)));
  try {
    for await (const lines of batches) {
      if (lines.length > 0) await orUnwritable(path, () => file.writeFile(`${lines.join("\n")}\n`));
      written += lines.length;
    }
    await file.close();
    await orUnwritable(path, finish);
  } catch (thrown) {
    await file.close().catch(() => {});
    await discard();
    throw thrown;
  }
  return written;
}

interface Output {
  readonly file: FileHandle;
  /** Call it once all is written and the file is closed. */
  readonly finish: () => Promise<void>;
  readonly discard: () => Promise<void>;
}

async function openOutput(path: string): Promise<Output> {
  await mkdir(dirname(path), { recursive: true });
  const before = await statsOf(path);
  const nothing = async () => {};
  // A rename would put a file in the place of /dev/null.
  if (before !== undefined && !before.isFile() && !before.isDirectory()) {
    return { file: await open(path, "w"), finish: nothing, discard: nothing };
  }
  const target = before === undefined ? path : await realpath(path);
  const partial = `${target}.partial`;
  return {
    file: await open(partial, "w", before?.isFile() === true ? before.mode : undefined),
    finish: () => rename(partial, target),
    discard: () => rm(partial, { force: true }),
  };
}

async function statsOf(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch (thrown) {
    if (thrown instanceof Error && "code" in thrown && thrown.code === "ENOENT") return undefined;
    throw thrown;
  }
}

/** Writes files below a folder, which is made. Rejects with `CliError`. */
export async function writeFiles(io: CliIo, folder: string, files: Iterable<CatalogFile>): Promise<void> {
  for (const { path, text } of files) {
    const target = resolve(io.cwd, folder, path);
    await orUnwritable(target, async () => {
      await mkdir(dirname(target), { recursive: true });
      await writeFile(target, text);
    });
  }
}

async function orUnwritable<Result>(path: string, act: () => Promise<Result>): Promise<Result> {
  try {
    return await act();
  } catch (thrown) {
    throw new CliError(`${path} cannot be written: ${messageOf(thrown)}`, { cause: thrown });
  }
}
