import { createHash } from "node:crypto";
import type { Event } from "../event/event.ts";

/** Tells equal content: what `sameContent` compares, in one order of keys. */
export function contentDigest(event: Event): string {
  const content = canonicalJson([event.type, event.source, event.metadata.version, event.data]);
  return createHash("sha256").update(content).digest("base64");
}

/** JSON that is the same for equal values: with the keys in one order. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
