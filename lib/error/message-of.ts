import { shortForm } from "./short-form.ts";
import { cutMessage, isError, readText } from "./thrown.ts";
import { withoutPasswords } from "./without-passwords.ts";

/**
 * Returns the message of an error, a string as it is, or the short form of any other thrown value; at most 8,192 characters,
 * the passwords of URLs masked. Never throws.
 */
export function messageOf(thrown: unknown): string {
  if (typeof thrown === "string") return withoutPasswords(cutMessage(thrown));
  const message = isError(thrown) ? readText(thrown, "message") : undefined;
  return message === undefined ? shortForm(thrown) : withoutPasswords(cutMessage(message));
}
