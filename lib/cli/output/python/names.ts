/** What a name of a generated module must not be: keywords, and the names that its annotations use. */
const reserved = new Set(
  (
    "False None True and as assert async await break class continue def del elif else except finally for from global if import in is " +
    "lambda nonlocal not or pass raise return try while with yield Any BaseModel ConfigDict EventDefinition Field Literal NotRequired " +
    "TypedDict annotations bool dict float int list str"
  ).split(" "),
);

/** Attributes of every pydantic model. */
const ofModels = new Set("construct copy dict fields json schema validate".split(" "));

const identifier = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Whether a field can be written in a class, as it is. A class would change a name that begins with two underscores. */
export function isFieldName(name: string): boolean {
  return identifier.test(name) && !reserved.has(name) && !name.startsWith("__");
}

/** Whether a field can be an attribute of a pydantic model by its own name. */
export function isAttributeName(name: string): boolean {
  return isFieldName(name) && !/^(_|model_|parse_)/.test(name) && !ofModels.has(name);
}

/** `agent.tool_call` is `AgentToolCall`. */
export function className(text: string): string {
  const words = text.split(/[^A-Za-z0-9]+/).filter((word) => word !== "");
  return words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join("");
}

/** `agent.tool-call` is `agent_tool_call`. */
export function variableName(text: string): string {
  const name = text.replace(/[^A-Za-z0-9]+/g, "_").replace(/^_+|_+$/g, "");
  return /^[A-Za-z]/.test(name) ? name : `_${name}`;
}

/** Names, each given once in a scope: what is taken gets underscores. */
export class Names {
  readonly #taken = new Set<string>();

  take(wanted: string): string {
    let name = wanted;
    while (reserved.has(name) || this.#taken.has(name)) name += "_";
    this.#taken.add(name);
    return name;
  }
}
