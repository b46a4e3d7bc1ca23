/** What is still to be written: a text as it is, or a value. */
type Part = { readonly text: string } | { readonly value: unknown };

/**
 * As `JSON.stringify`, for values of any depth: that recurses, and ends in a RangeError within a chain of some thousand. A
 * hundred times slower.
 */
export function deepJson(root: unknown): string {
  const written: string[] = [];
  const rest: Part[] = [{ value: root }];
  for (let next = rest.pop(); next !== undefined; next = rest.pop()) {
    if ("text" in next) written.push(next.text);
    else if (typeof next.value !== "object" || next.value === null) written.push(leaf(next.value));
    // The first part is written first.
    else for (const part of partsOf(next.value).reverse()) rest.push(part);
  }
  return written.join("");
}

function leaf(value: unknown): string {
  // Within a list, what is no JSON is null; the type of `stringify` does not say that it gives undefined.
  const json: string | undefined = JSON.stringify(value);
  return json ?? "null";
}

function partsOf(value: object): Part[] {
  if ("toJSON" in value && typeof value.toJSON === "function") return [{ value: value.toJSON() }];
  if (Array.isArray(value)) {
    const items = value.flatMap((item: unknown, index): Part[] => [{ text: index === 0 ? "" : "," }, { value: item }]);
    return [{ text: "[" }, ...items, { text: "]" }];
  }
  const fields = Object.entries(value).filter(([, field]) => JSON.stringify(typeof field === "object" ? 0 : field));
  const parts = fields.flatMap(([name, field], index): Part[] => [
    { text: `${index === 0 ? "" : ","}${JSON.stringify(name)}:` },
    { value: field },
  ]);
  return [{ text: "{" }, ...parts, { text: "}" }];
}
