import { shortForm } from "./short-form.ts";

/** Returns the message of an error, a string as it is, or the short form of any other thrown value. Never throws. */
export function messageOf(thrown: unknown): string {
  try {
    if (thrown instanceof Error && typeof thrown.message === "string") return thrown.message;
  } catch {
    // The value is a proxy, or its getter throws.
  }
  return typeof thrown === "string" ? thrown : shortForm(thrown);
}
