import type { Json } from "../event/json.ts";

/** Characters of JSON that one field of an event holds, so that what a tool returns never makes it too large to publish. */
const longest = 65_536;

/**
 * What an event can hold of any value: its JSON, its text where it has none, and of what is longer than 65,536 characters
 * the beginning as `{ truncated }`. `undefined` for nothing.
 */
export function recordable(value: unknown): Json | undefined {
  if (value === undefined) return undefined;
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch {
    // In a circle, or with a BigInt in it.
  }
  if (text === undefined) return recordable(String(value));
  return text.length <= longest ? JSON.parse(text) : { truncated: text.slice(0, longest) };
}

/** The same of what a tool is given, which models write as text of JSON. */
export function recordableInput(input: unknown): Json | undefined {
  if (typeof input !== "string" || !input.startsWith("{")) return recordable(input);
  try {
    return recordable(JSON.parse(input));
  } catch {
    return recordable(input);
  }
}
