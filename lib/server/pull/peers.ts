import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod";
import { parseReceipt } from "./receipt.ts";

/** Marks a request that another server has handed on: it goes no further. */
export const forwardedHeader = "x-waggle-forwarded";

/** Whether `fetch` failed since nobody listens there any more. */
export function isRefused(thrown: unknown): boolean {
  return Object(Object(thrown).cause).code === "ECONNREFUSED";
}

const peerSchema = z.object({ url: z.url() });

/**
 * The servers of one bus on this machine, each a file in a folder that only their user writes: so that one can hand on what
 * belongs to another, whatever balances the load before them. Where to is read from there, never from a request.
 */
export class Peers {
  readonly #folder: string | undefined;
  readonly #own: string;

  /** Without a folder a server has no others. */
  constructor(folder: string | undefined, own: string) {
    this.#folder = folder;
    this.#own = own;
  }

  /** Lets others find this server. */
  async register(url: string): Promise<void> {
    if (this.#folder === undefined) return;
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    await writeFile(this.#file(this.#folder, this.#own), JSON.stringify({ url }), { mode: 0o600 });
  }

  async unregister(): Promise<void> {
    if (this.#folder !== undefined) await rm(this.#file(this.#folder, this.#own), { force: true });
  }

  /** The server that holds a receipt, or a session by its id, which has the same form: `own`, the address of another, or `undefined` where none is known. */
  async ownerOf(receipt: string): Promise<"own" | { readonly url: string } | undefined> {
    const server = parseReceipt(receipt)?.server;
    if (server === undefined || server === this.#own) return "own";
    if (this.#folder === undefined) return undefined;
    try {
      return peerSchema.parse(JSON.parse(await readFile(this.#file(this.#folder, server), "utf8")));
    } catch {
      // It has ended, or was never of this machine.
      return undefined;
    }
  }

  /** Forgets a server that was killed before it could say so. */
  async forget(receipt: string): Promise<void> {
    const server = parseReceipt(receipt)?.server;
    if (this.#folder !== undefined && server !== undefined) await rm(this.#file(this.#folder, server), { force: true });
  }

  #file(folder: string, server: string): string {
    return join(folder, `${server}.json`);
  }
}
