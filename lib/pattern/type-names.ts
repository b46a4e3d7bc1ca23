/** Returns a predicate for type names. `*` matches any run of characters, dots included. */
export function typeMatcher(names: readonly string[]): (type: string) => boolean {
  const exact = new Set(names.filter((name) => !name.includes("*")));
  const wild = names.filter((name) => name.includes("*"));
  if (wild.includes("*")) return () => true;
  if (wild.length === 0) return (type) => exact.has(type);
  const expression = new RegExp(`^(?:${wild.map(toExpression).join("|")})$`, "s");
  return (type) => exact.has(type) || expression.test(type);
}

/** A run of stars is treated as one, since `a**b` would make the expression backtrack. */
function toExpression(name: string): string {
  return name
    .split(/\*+/)
    .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"))
    .join(".*");
}
