import { isJsonList, isJsonObject, type Json, type JsonObject } from "../../event/json.ts";

/** A change with which data of before may be refused, or a reader of it may miss something. */
export interface SchemaChange {
  /** The names to the field, joined by dots; `[]` stands for the items of a list. Empty for the data itself. */
  readonly path: string;
  readonly text: string;
}

/** Say nothing of what is valid. */
const remarks: ReadonlySet<string> = new Set([
  "$schema",
  "$id",
  "$defs",
  "title",
  "description",
  "examples",
  "x-version",
]);
/** Compared by what they mean. */
const understood: ReadonlySet<string> = new Set([
  ...["type", "properties", "required", "additionalProperties", "items", "enum", "const", "anyOf", "oneOf", "$ref"],
  ...["minimum", "exclusiveMinimum", "minLength", "minItems", "maximum", "exclusiveMaximum", "maxLength", "maxItems"],
]);
const lowerBounds = ["minimum", "exclusiveMinimum", "minLength", "minItems"] as const;
const upperBounds = ["maximum", "exclusiveMaximum", "maxLength", "maxItems"] as const;
const types = ["object", "array", "string", "number", "boolean", "null"] as const;
/** Schemas may refer to themselves. */
const depthLimit = 20;

/**
 * The breaking changes from one JSON Schema to another. There is none where all data that is valid before is valid after, and
 * every field that is required before is required after. What it does not understand counts as a breaking change if it differs.
 */
export function breakingChanges(before: JsonObject, after: JsonObject): readonly SchemaChange[] {
  return new Comparison(before, after).compare(before, after, "", 0);
}

class Comparison {
  readonly #before: JsonObject;
  readonly #after: JsonObject;

  constructor(before: JsonObject, after: JsonObject) {
    this.#before = before;
    this.#after = after;
  }

  compare(given: Json | undefined, wanted: Json | undefined, path: string, depth: number): readonly SchemaChange[] {
    const before = resolve(given, this.#before);
    const after = resolve(wanted, this.#after);
    if (depth > depthLimit || JSON.stringify(before) === JSON.stringify(after) || isAnything(after)) {
      // A reader of an object relies on its required fields, though anything is valid now.
      return isAnything(after) && requiredOf(before).length > 0 && !isAnything(before)
        ? [{ path, text: "its fields are not described any more" }]
        : [];
    }
    if (isAnything(before)) return [{ path, text: "anything was valid before, and is not now" }];
    const alternatives = alternativesOf(before);
    const targets = alternativesOf(after);
    if (alternatives.length > 1 || targets.length > 1) {
      return alternatives.flatMap((one) => this.#alternative(one, targets, path, depth));
    }
    return this.#simple(before, after, path, depth);
  }

  /** What one alternative of before lacks in the nearest of after. */
  #alternative(one: JsonObject, targets: readonly JsonObject[], path: string, depth: number): readonly SchemaChange[] {
    const results = targets.map((target) => this.compare(one, target, path, depth + 1));
    if (results.some(({ length }) => length === 0)) return [];
    const [only] = results;
    if (results.length === 1 && only !== undefined) return only;
    return [{ path, text: `${nameOf(one)} is not valid any more` }];
  }

  #simple(before: JsonObject, after: JsonObject, path: string, depth: number): readonly SchemaChange[] {
    const values = valuesOf(before);
    const allowed = valuesOf(after);
    if (values !== undefined && allowed !== undefined) {
      const gone = values.filter((value) => !allowed.some((one) => JSON.stringify(one) === JSON.stringify(value)));
      return gone.map((value) => ({ path, text: `the value ${JSON.stringify(value)} is not valid any more` }));
    }
    if (allowed !== undefined)
      return [{ path, text: `only ${allowed.map((one) => JSON.stringify(one)).join(", ")} is valid now` }];
    const gone = typesOf(before).filter((type) => !typesOf(after).includes(type));
    if (gone.length > 0)
      return [{ path, text: `${gone.join(", ")} is not valid any more, but ${typesOf(after).join(", ")}` }];
    return [
      ...integerChange(before, after, path),
      ...boundChanges(before, after, path),
      ...otherChanges(before, after, path),
      ...this.#fields(before, after, path, depth),
      ...(typesOf(before).includes("array") ? this.compare(before.items, after.items, `${path}[]`, depth + 1) : []),
    ];
  }

  #fields(before: JsonObject, after: JsonObject, path: string, depth: number): readonly SchemaChange[] {
    if (!typesOf(before).includes("object")) return [];
    const fields = objectOf(before.properties);
    const wanted = objectOf(after.properties);
    const [required, nowRequired] = [requiredOf(before), requiredOf(after)];
    const changes: SchemaChange[] = [];
    for (const [name, schema] of Object.entries(fields)) {
      const at = join(path, name);
      const now = Object.hasOwn(wanted, name) ? wanted[name] : undefined;
      if (now === undefined) changes.push({ path: at, text: "the field was removed" });
      else changes.push(...this.compare(schema, now, at, depth + 1));
      if (now !== undefined && required.includes(name) && !nowRequired.includes(name)) {
        changes.push({ path: at, text: "the field was required, and is optional now" });
      }
    }
    for (const name of nowRequired) {
      if (!required.includes(name)) changes.push({ path: join(path, name), text: "the field is required now" });
    }
    return [...changes, ...this.#undeclared(before, after, path, depth)];
  }

  /** What is asked of fields that before does not declare: they may be there already. */
  #undeclared(before: JsonObject, after: JsonObject, path: string, depth: number): readonly SchemaChange[] {
    const { additionalProperties: free = {} } = before;
    if (free === false) return [];
    const { additionalProperties: nowFree = {} } = after;
    if (nowFree === false) return [{ path, text: "undeclared fields are refused now" }];
    // Adding a field is how a schema evolves: that undeclared data of its name may have another form is not held against it.
    return this.compare(free === true ? {} : free, nowFree === true ? {} : nowFree, join(path, "*"), depth + 1);
  }
}

function integerChange(before: JsonObject, after: JsonObject, path: string): readonly SchemaChange[] {
  const narrowed = after.type === "integer" && before.type !== "integer" && typesOf(before).includes("number");
  return narrowed ? [{ path, text: "only integers are valid now" }] : [];
}

function boundChanges(before: JsonObject, after: JsonObject, path: string): readonly SchemaChange[] {
  const changed = (name: string, tightened: (was: number, now: number) => boolean): SchemaChange[] => {
    const [was, now] = [before[name], after[name]];
    if (typeof now !== "number" || (typeof was === "number" && !tightened(was, now))) return [];
    return [{ path, text: `${name} is ${now} now${typeof was === "number" ? `, not ${was}` : ""}` }];
  };
  return [
    ...lowerBounds.flatMap((name) => changed(name, (was, now) => now > was)),
    ...upperBounds.flatMap((name) => changed(name, (was, now) => now < was)),
  ];
}

function otherChanges(before: JsonObject, after: JsonObject, path: string): readonly SchemaChange[] {
  return Object.keys(after)
    .filter((name) => !remarks.has(name) && !understood.has(name))
    .filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]))
    .map((name) => ({ path, text: `${name} is ${JSON.stringify(after[name])} now` }));
}

/** Follows a reference within its document; a schema `false` and what cannot be followed accept nothing that is known. */
function resolve(schema: Json | undefined, root: JsonObject): JsonObject {
  let at: Json | undefined = schema;
  for (let steps = 0; steps < depthLimit && isJsonObject(at) && typeof at.$ref === "string"; steps += 1) {
    const { $ref } = at;
    at = $ref
      .split("/")
      .slice(1)
      .reduce<Json | undefined>((found, name) => (isJsonObject(found) ? found[name] : undefined), root);
  }
  return isJsonObject(at) ? at : at === false ? { not: {} } : {};
}

function isAnything(schema: JsonObject): boolean {
  return Object.keys(schema).every((name) => remarks.has(name));
}

function alternativesOf(schema: JsonObject): readonly JsonObject[] {
  const list = schema.anyOf ?? schema.oneOf;
  return isJsonList(list) ? list.filter(isJsonObject) : [schema];
}

function valuesOf(schema: JsonObject): readonly Json[] | undefined {
  if ("const" in schema && schema.const !== undefined) return [schema.const];
  return isJsonList(schema.enum) ? schema.enum : undefined;
}

function typesOf({ type }: JsonObject): readonly string[] {
  const given = typeof type === "string" ? [type] : isJsonList(type) ? type.map(String) : types;
  return given.map((one) => (one === "integer" ? "number" : one));
}

function requiredOf({ required }: JsonObject): readonly string[] {
  return isJsonList(required) ? required.map(String) : [];
}

function objectOf(value: Json | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}

function nameOf(schema: JsonObject): string {
  return JSON.stringify(valuesOf(schema) ?? schema.type ?? schema).slice(0, 80);
}

function join(path: string, name: string): string {
  return path === "" ? name : `${path}.${name}`;
}
