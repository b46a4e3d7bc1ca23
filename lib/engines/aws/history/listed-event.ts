import type { EventHead } from "../../../engine/log-selection.ts";
import { keyInId } from "./keys.ts";

/** An event that a row of the log lists. */
export interface ListedEvent {
  /** Its position in the order of acceptance. */
  readonly key: string;
  /** By which most events are left out without being read. Absent in what an older version wrote. */
  readonly head?: EventHead | undefined;
}

const separator = "\t";
/** Before a text that is not packed. */
const plain = "=";
const packedForm = /^[\w-]{22}$/;
const uuidForm = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** An entry as text: about 80 bytes, so that ten fit into a write unit of 1 KB with the keys of their row. */
export function encodeEntry({ key, head }: ListedEvent): string {
  const id = key.slice(14);
  const where = keyInId(id) === key ? packed(id) : plain + key;
  // None of them has control characters where Waggle has checked it.
  if (head === undefined || Object.values(head).some((text) => text.includes(separator))) return where;
  const flow = head.flow === id ? "" : packed(head.flow);
  return [where, head.type, head.source, flow].join(separator);
}

export function decodeEntry(text: string): ListedEvent {
  const [where = "", type, source, flow] = text.split(separator);
  const id = unpacked(where);
  const key = packedForm.test(where) ? (keyInId(id) ?? id) : id;
  if (type === undefined || source === undefined || flow === undefined) return { key };
  return { key, head: { type, source, flow: flow === "" ? key.slice(14) : unpacked(flow) } };
}

function packed(id: string): string {
  return uuidForm.test(id) ? Buffer.from(id.replaceAll("-", ""), "hex").toString("base64url") : plain + id;
}

function unpacked(text: string): string {
  if (text.startsWith(plain)) return text.slice(plain.length);
  if (!packedForm.test(text)) return text;
  const hex = Buffer.from(text, "base64url").toString("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
