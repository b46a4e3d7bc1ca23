import type { EventDefinition } from "../../../event/definition.ts";
import { isJsonList, isJsonObject, type Json, type JsonObject } from "../../../event/json.ts";
import { toJson } from "../json.ts";
import { className, isAttributeName, isFieldName, Names, variableName } from "./names.ts";

/** As what the data of a type is written: a `TypedDict`, or a model of pydantic. */
export type PythonForm = (typeof pythonForms)[number];

export const pythonForms = ["typed-dict", "pydantic"] as const;

/** A definition with the JSON Schema of its data. */
export interface DescribedDefinition {
  readonly definition: EventDefinition;
  readonly schema: JsonObject;
}

/**
 * A Python module with a class for the data of each type and an `EventDefinition` of `wagglebus` for each type. What JSON Schema
 * says and the type system of Python does not (bounds, references) is `Any` or left out: the server checks it.
 */
export function pythonModule(described: readonly DescribedDefinition[], form: PythonForm): string {
  const classes = new Classes(form);
  const variables = new Names();
  const constants = described.map(({ definition: { type, version }, schema }) => {
    const data = classes.ofData(schema, `${className(type)}Data`);
    const model = form === "pydantic" && data.isClass ? `, model=${data.name}` : "";
    return `${variables.take(variableName(type))} = EventDefinition[${data.name}](${literal(type)}, version=${version}${model})`;
  });
  const imports =
    form === "pydantic"
      ? ["from typing import Any, Literal", "", "from pydantic import BaseModel, ConfigDict, Field"]
      : ["from typing import Any, Literal", "", "from typing_extensions import NotRequired, TypedDict"];
  return [
    "# Printed by `waggle catalog --python`: print it again instead of changing it.",
    "# ruff: noqa",
    "from __future__ import annotations",
    "",
    ...imports,
    "from wagglebus import EventDefinition",
    ...classes.texts.flatMap((text) => ["", "", text]),
    "",
    "",
    ...constants,
    "",
  ].join("\n");
}

interface Field {
  readonly name: string;
  readonly type: string;
  readonly required: boolean;
}

/** The classes of a module, each after those it is made of. */
class Classes {
  readonly texts: string[] = [];
  readonly #form: PythonForm;
  readonly #names = new Names();

  constructor(form: PythonForm) {
    this.#form = form;
  }

  /** The name of the data of a type: of a class, or of what stands for a schema that is no object. */
  ofData(schema: JsonObject, wanted: string): { readonly name: string; readonly isClass: boolean } {
    if (schema.type === "object") return { name: this.#object(schema, wanted), isClass: true };
    const type = this.#type(schema, wanted);
    const name = this.#names.take(wanted);
    this.texts.push(`${name} = ${type}`);
    return { name, isClass: false };
  }

  #object(schema: JsonObject, wanted: string): string {
    const name = this.#names.take(wanted);
    const required = isJsonList(schema.required) ? schema.required : [];
    const properties = isJsonObject(schema.properties) ? schema.properties : {};
    const fields = Object.entries(properties).map(
      ([field, of]): Field => ({
        name: field,
        type: this.#type(of, wanted + className(field)),
        required: required.includes(field),
      }),
    );
    const about = typeof schema.description === "string" ? literal(schema.description) : undefined;
    this.texts.push(this.#form === "pydantic" ? model(name, fields, about) : typedDict(name, fields, about));
    return name;
  }

  /** The type of a schema; a class that it needs is named after `wanted`. */
  #type(schema: Json, wanted: string): string {
    if (!isJsonObject(schema)) return "Any";
    if (isJsonList(schema.enum)) return union(schema.enum.map(literalType));
    if (schema.const !== undefined) return literalType(schema.const);
    const options = schema.anyOf ?? schema.oneOf;
    if (isJsonList(options)) return union(options.map((option) => this.#type(option, wanted)));
    if (isJsonList(schema.type)) return union(schema.type.map((type) => this.#type({ ...schema, type }, wanted)));
    switch (schema.type) {
      case "string":
        return "str";
      case "integer":
        return "int";
      case "number":
        return "float";
      case "boolean":
        return "bool";
      case "null":
        return "None";
      case "array":
        return `list[${schema.items === undefined ? "Any" : this.#type(schema.items, `${wanted}Item`)}]`;
      case "object":
        if (isJsonObject(schema.properties) && Object.keys(schema.properties).length > 0) {
          return this.#object(schema, wanted);
        }
        return `dict[str, ${this.#type(schema.additionalProperties ?? {}, `${wanted}Value`)}]`;
      default:
        return "Any";
    }
  }
}

function typedDict(name: string, fields: readonly Field[], about: string | undefined): string {
  const typeOf = ({ type, required }: Field) => (required ? type : `NotRequired[${type}]`);
  if (fields.every((field) => isFieldName(field.name))) {
    const lines = fields.map((field) => `${field.name}: ${typeOf(field)}`);
    return classText(name, "TypedDict", about, lines);
  }
  const lines = fields.map((field) => `    ${literal(field.name)}: ${typeOf(field)},`);
  return [`${name} = TypedDict(${literal(name)}, {`, ...lines, "})", ...(about === undefined ? [] : [about])].join(
    "\n",
  );
}

function model(name: string, fields: readonly Field[], about: string | undefined): string {
  const attributes = new Names();
  const lines = fields.map(({ name: field, type, required }) => {
    const own = isAttributeName(field);
    const attribute = attributes.take(own ? field : `${variableName(field).replace(/^_/, "field_")}_`);
    const options = [...(required ? [] : ["default=None"]), ...(own ? [] : [`alias=${literal(field)}`])];
    const type_ = required || type === "Any" || type.split(" | ").includes("None") ? type : `${type} | None`;
    const value = own ? (required ? "" : " = None") : ` = Field(${options.join(", ")})`;
    return `${attribute}: ${type_}${value}`;
  });
  return classText(name, "BaseModel", about, [
    'model_config = ConfigDict(extra="allow", populate_by_name=True, protected_namespaces=())',
    ...(lines.length === 0 ? [] : ["", ...lines]),
  ]);
}

function classText(name: string, base: string, about: string | undefined, lines: readonly string[]): string {
  const head = about === undefined ? [] : [about, ...(lines.length === 0 ? [] : [""])];
  const body = [...head, ...lines];
  const indented = (body.length === 0 ? ["pass"] : body).map((line) => (line === "" ? "" : `    ${line}`));
  return [`class ${name}(${base}):`, ...indented].join("\n");
}

function union(types: readonly string[]): string {
  const several = [...new Set(types)];
  return several.includes("Any") || several.length === 0 ? "Any" : several.join(" | ");
}

/** `Literal` holds no numbers with a fraction, and no lists or objects. */
function literalType(value: Json): string {
  if (value === null) return "None";
  if (typeof value === "boolean") return `Literal[${value ? "True" : "False"}]`;
  if (typeof value === "string") return `Literal[${literal(value)}]`;
  return typeof value === "number" && Number.isInteger(value) ? `Literal[${value}]` : "Any";
}

/** A string of Python: what JSON escapes, Python reads the same. */
function literal(text: string): string {
  return toJson(text);
}
