import { createHash } from "node:crypto";

/** A document as a task names it. */
export interface DocumentRef {
  /** As the user gave it, with forward slashes. */
  path: string;
  /** SHA-256 of its bytes, in hex; absent where it could not be read when the work was announced. */
  digest?: string;
}

/** SHA-256 in hex: two documents with one digest are the same document. */
export function digestOf(content: Uint8Array | string): string {
  return createHash("sha256").update(content).digest("hex");
}

/** The tag under which everything that concerns one content is found in history. */
export function contentTag(digest: string): string {
  return `content:${digest.slice(0, 32)}`;
}

/** Whether a value is an object whose fields can be read. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The document that some event's data names; `undefined` where it names none. */
export function parseDocument(value: unknown): DocumentRef | undefined {
  if (!isRecord(value) || typeof value.path !== "string" || value.path === "") return undefined;
  return typeof value.digest === "string" ? { path: value.path, digest: value.digest } : { path: value.path };
}
