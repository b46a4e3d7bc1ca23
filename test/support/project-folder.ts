import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { temporaryDirectory } from "./temporary-directory.ts";

/** A project in a new folder. */
export interface ProjectFolder {
  readonly path: string;
  /** Writes a file and the folders above it. */
  write(file: string, content: string | Uint8Array): Promise<void>;
  remove(): Promise<void>;
}

export async function projectFolder(): Promise<ProjectFolder> {
  const { path, remove } = await temporaryDirectory();
  return {
    path,
    write: async (file, content) => {
      await mkdir(dirname(join(path, file)), { recursive: true });
      await writeFile(join(path, file), content);
    },
    remove,
  };
}
