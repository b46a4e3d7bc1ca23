import { randomBytes } from "node:crypto";

/**
 * What a client settles a delivery by: the server that holds the delivery, and a secret that nobody can guess. Any server of
 * the bus can tell from it whose it is.
 */
export interface Receipt {
  readonly server: string;
  readonly secret: string;
}

const form = /^([\w-]{16})\.([\w-]{22})$/;

/** A name for a server, that no other has. */
export function createServerId(): string {
  return randomBytes(12).toString("base64url");
}

/** A new receipt of a server. */
export function createReceipt(server: string): string {
  return `${server}.${randomBytes(16).toString("base64url")}`;
}

/** The parts of a receipt; `undefined` for what is none. */
export function parseReceipt(text: string): Receipt | undefined {
  const [, server, secret] = form.exec(text) ?? [];
  return server === undefined || secret === undefined ? undefined : { server, secret };
}
