import { createHash } from "node:crypto";

/** A reference to a document in a task. */
export interface DocumentRef {
  /** The path as the user wrote it, with forward slashes. */
  path: string;
  /** SHA-256 of its bytes, in hex; absent if it could not be read when the work was announced. */
  digest?: string;
}

/** Returns the SHA-256 in hex: two documents with the same digest are the same document. */
export function digestOf(content: Uint8Array | string): string {
  return createHash("sha256").update(content).digest("hex");
}

/** Returns the tag by which history finds everything about a content. */
export function contentTag(digest: string): string {
  return `content:${digest.slice(0, 32)}`;
}

/** Whether a value is an object, and not an array. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Parses a reference to a document in the data of an event; returns `undefined` if it is not one. */
export function parseDocument(value: unknown): DocumentRef | undefined {
  if (!isRecord(value) || typeof value.path !== "string" || value.path === "") return undefined;
  return typeof value.digest === "string" ? { path: value.path, digest: value.digest } : { path: value.path };
}
