/** A user and a password before a host. A port is none, though an `@` may come after its path. */
const password = /(:\/\/[^\s:@/]*):(?!\d*(?:[/?#\s]|$))\S*@/g;

/** A text with the passwords of its URLs masked. Errors and logs name addresses, and a driver's message does so in its own words. */
export function withoutPasswords(text: string): string {
  return text.includes("://") ? text.replace(password, "$1:***@") : text;
}
