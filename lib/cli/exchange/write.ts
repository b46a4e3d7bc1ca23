import { mkdir, open, rename, rm, writeFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { messageOf } from "../../error/message-of.ts";
import type { CliIo } from "../io.ts";
import { CliError } from "../report-error.ts";
import type { CatalogFile } from "./event-catalog.ts";

type Batches = AsyncIterable<readonly string[]> | Iterable<readonly string[]>;

/**
 * Writes lines to a file, or to stdout without one, and resolves with their number. A file is written under another name and
 * moved into place at the end: after a failure the one before is still there. Rejects with `CliError`.
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
  const target = resolve(io.cwd, path);
  const partial = `${target}.partial`;
  const file = await orUnwritable(path, async () => {
    await mkdir(dirname(target), { recursive: true });
    return open(partial, "w");
  });
  try {
    for await (const lines of batches) {
      if (lines.length > 0) await orUnwritable(path, () => file.writeFile(`${lines.join("\n")}\n`));
      written += lines.length;
    }
    await file.close();
    await orUnwritable(path, () => rename(partial, target));
  } catch (thrown) {
    await file.close().catch(() => {});
    await rm(partial, { force: true });
    throw thrown;
  }
  return written;
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
