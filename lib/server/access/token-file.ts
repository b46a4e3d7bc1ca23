import { chmod, mkdir, open, readFile, rename, stat, unlink } from "node:fs/promises";
import { dirname } from "node:path";
import * as z from "zod";
import { BusError } from "../../error/bus-error.ts";
import { messageOf } from "../../error/message-of.ts";
import { type StoredToken, storedTokenSchema } from "./tokens.ts";

const fileSchema = z.object({ version: z.literal(1), tokens: z.array(storedTokenSchema) });

/**
 * The tokens of a bus in a file beside it, which only its owner reads. A server looks whether it has changed at each request,
 * so that a new or a revoked token counts at once. Methods reject with `invalid_config` for a file that is none.
 */
export class TokenFile {
  readonly path: string;
  #read: { readonly changed: string; readonly tokens: readonly StoredToken[] } | undefined;

  constructor(path: string) {
    this.path = path;
  }

  /** All tokens, those included that have expired. */
  async list(): Promise<readonly StoredToken[]> {
    const changed = await this.#changed();
    if (changed === undefined) return [];
    if (this.#read?.changed !== changed) this.#read = { changed, tokens: await this.#parse() };
    return this.#read.tokens;
  }

  /** The one of an id; undefined where it was revoked, or has expired by `now`. */
  async find(id: string, now: number): Promise<StoredToken | undefined> {
    return (await this.list()).find((token) => token.id === id && Date.parse(token.expiresAt) > now);
  }

  /** Adds one, and forgets those that have expired by `now`. */
  async add(token: StoredToken, now: number): Promise<void> {
    await this.#change((tokens) => [...tokens.filter(({ expiresAt }) => Date.parse(expiresAt) > now), token]);
  }

  /** Revokes one. False where there is none. */
  async remove(id: string): Promise<boolean> {
    let found = false;
    await this.#change((tokens) => {
      const left = tokens.filter((token) => token.id !== id);
      found = left.length < tokens.length;
      return left;
    });
    return found;
  }

  async #changed(): Promise<string | undefined> {
    try {
      const { ino, mtimeMs, size } = await stat(this.path);
      return `${ino}:${mtimeMs}:${size}`;
    } catch (thrown) {
      if (thrown instanceof Error && "code" in thrown && thrown.code === "ENOENT") return undefined;
      throw this.#unreadable(thrown);
    }
  }

  async #parse(): Promise<readonly StoredToken[]> {
    try {
      return fileSchema.parse(JSON.parse(await readFile(this.path, "utf8"))).tokens;
    } catch (thrown) {
      throw this.#unreadable(thrown);
    }
  }

  /** Two that change it at once take turns by a lock file; a reader sees the old file or the new one, never half of one. */
  async #change(change: (tokens: readonly StoredToken[]) => readonly StoredToken[]): Promise<void> {
    await mkdir(dirname(this.path), { recursive: true });
    const next = `${this.path}.next`;
    const file = await open(next, "wx", 0o600).catch((thrown: unknown) => {
      throw new BusError(
        "conflict",
        `${next} is there: another command changes the tokens now, or was killed while it did; remove it if none runs`,
        {
          cause: thrown,
        },
      );
    });
    try {
      const tokens = change(await this.list());
      await file.writeFile(`${JSON.stringify({ version: 1, tokens }, null, 2)}\n`);
      await file.sync();
      await file.close();
      await chmod(next, 0o600);
      await rename(next, this.path);
    } catch (thrown) {
      await file.close().catch(() => {});
      await unlink(next).catch(() => {});
      throw thrown;
    }
  }

  #unreadable(thrown: unknown): BusError {
    return new BusError("invalid_config", `the token file ${this.path} cannot be read: ${messageOf(thrown)}`, {
      cause: thrown,
    });
  }
}
