/** Returns a predicate for type names. `*` matches any run of characters, dots included. Never backtracks. */
export function typeMatcher(names: readonly string[]): (type: string) => boolean {
  const exact = new Set(names.filter((name) => !name.includes("*")));
  const wild = names.filter((name) => name.includes("*")).map((name) => name.split("*"));
  if (wild.length === 0) return (type) => exact.has(type);
  return (type) => exact.has(type) || wild.some((parts) => matches(parts, type));
}

/**
 * Whether a text consists of the parts of a name, in order, with anything between them. Each part is looked for once, from where
 * the part before it first ends: a later place could not leave more room. An expression would try all places.
 */
function matches(parts: readonly string[], text: string): boolean {
  const first = parts[0] ?? "";
  const last = parts.at(-1) ?? "";
  const end = text.length - last.length;
  if (first.length > end || !text.startsWith(first) || !text.endsWith(last)) return false;
  let position = first.length;
  for (let index = 1; index < parts.length - 1; index += 1) {
    const part = parts[index] ?? "";
    const found = text.indexOf(part, position);
    if (found === -1) return false;
    position = found + part.length;
  }
  return position <= end;
}
