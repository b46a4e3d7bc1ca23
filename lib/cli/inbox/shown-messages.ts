import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import * as z from "zod";
import { BusError } from "../../error/bus-error.ts";
import { messageOf } from "../../error/message-of.ts";

const schema = z.object({ version: z.literal(1), shown: z.array(z.string().min(1)) });

/**
 * The ids of the messages that an agent was shown and has not acknowledged, in a file of its folder. A file that is lost costs nothing: then they
 * are shown again.
 */
export class ShownMessages {
  readonly #path: string;

  constructor(folder: string, agent: string) {
    this.#path = join(folder, ".waggle", `inbox-${agent}.json`);
  }

  /** Rejects with `invalid_config` for a file that is none. */
  async list(): Promise<ReadonlySet<string>> {
    try {
      return new Set(schema.parse(JSON.parse(await readFile(this.#path, "utf8"))).shown);
    } catch (thrown) {
      if (thrown instanceof Error && "code" in thrown && thrown.code === "ENOENT") return new Set();
      const problem = `${this.#path} cannot be read: ${messageOf(thrown)}; remove it, and its messages are shown again`;
      throw new BusError("invalid_config", problem, { cause: thrown });
    }
  }

  /** Adds ids. A reader sees the old file or the new one, never half of one. */
  async add(ids: readonly string[]): Promise<void> {
    const shown = [...new Set([...(await this.list()), ...ids])];
    await mkdir(dirname(this.#path), { recursive: true });
    const next = `${this.#path}.${process.pid}`;
    await writeFile(next, JSON.stringify({ version: 1, shown }), { flush: true });
    await rename(next, this.#path);
  }

  async clear(): Promise<void> {
    await rm(this.#path, { force: true });
  }
}
