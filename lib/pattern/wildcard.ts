/** What is wrong with a wildcard, or its literal parts: what stands between the stars, escapes resolved. */
type ParsedWildcard = { readonly literals: readonly string[] } | { readonly problem: string };

/** Splits a wildcard at its stars. `\*` is a star, `\\` a backslash; nothing else may be escaped, and `**` is refused. */
export function parseWildcard(text: string): ParsedWildcard {
  const literals: string[] = [];
  let literal = "";
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charAt(at);
    const next = text.charAt(at + 1);
    if (unit === "*") {
      if (next === "*") return { problem: `"**" at character ${at + 1}: one "*" already stands for any run` };
      literals.push(literal);
      literal = "";
    } else if (unit === "\\") {
      if (next !== "*" && next !== "\\") return { problem: `"\\" at character ${at + 1} escapes neither "*" nor "\\"` };
      literal += next;
      at += 1;
    } else {
      literal += unit;
    }
  }
  literals.push(literal);
  return { literals };
}

/** Whether the value is the first literal, any run, the next literal, and so on, up to its end. Needs two literals or more. */
export function matchesWildcard(literals: readonly string[], value: string): boolean {
  const first = literals[0] ?? "";
  const last = literals[literals.length - 1] ?? "";
  const end = value.length - last.length;
  if (first.length > end || !value.startsWith(first) || !value.endsWith(last)) return false;
  let at = first.length;
  for (let index = 1; index < literals.length - 1; index += 1) {
    const literal = literals[index] ?? "";
    const found = value.indexOf(literal, at);
    if (found === -1) return false;
    at = found + literal.length;
    if (at > end) return false;
  }
  return true;
}
