import { shortForm } from "./short-form.ts";

/** What a thrown value says: an error its message, a text itself, anything else in short. Never throws. */
export function messageOf(thrown: unknown): string {
  try {
    if (thrown instanceof Error && typeof thrown.message === "string") return thrown.message;
  } catch {
    // A proxy, or a getter that throws.
  }
  return typeof thrown === "string" ? thrown : shortForm(thrown);
}
