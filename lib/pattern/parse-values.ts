import { shortForm } from "../error/short-form.ts";
import { isNumeric } from "./condition.ts";
import { below, invalid } from "./invalid.ts";
import { blockRange, ipToHex } from "./ip.ts";
import { isObject } from "./json-object.ts";
import { comparable, parseNumeric } from "./parse-numeric.ts";
import type { Test } from "./value-test.ts";
import { parseWildcard } from "./wildcard.ts";

/** Reads the list of values of one field. */
export function parseValues(values: readonly unknown[], place: string): { tests: readonly Test[]; absent: boolean } {
  if (values.length === 0)
    invalid(place, "an empty array matches nothing", 'write at least one value, or [{ "exists": true }]');
  const tests: Test[] = [];
  let absent = false;
  values.forEach((value, index) => {
    const parsed = parseValue(value, below(place, index));
    if (parsed === "absent") absent = true;
    else tests.push(...parsed);
  });
  const numbers = !tests.some(isNumeric);
  return { tests: numbers ? tests : tests.map((test) => (test.kind === "ip" ? { ...test, numbers } : test)), absent };
}

function parseValue(value: unknown, place: string): readonly Test[] | "absent" {
  if (typeof value === "string") {
    const address = ipToHex(value);
    if (address === undefined) return [{ kind: "string", value }];
    return [{ kind: "ip", value, range: { from: address, to: address }, numbers: true }];
  }
  if (typeof value === "number") {
    if (!Number.isFinite(value)) invalid(place, `${value} is no JSON number`, "write a finite number");
    return [{ kind: "number", value }];
  }
  if (typeof value === "boolean" || value === null) return [{ kind: "literal", value }];
  if (!isObject(value)) {
    invalid(
      place,
      `${shortForm(value)} is no value of a field`,
      "write a string, number, true, false, null or an expression",
    );
  }
  const [operator, operand] = onlyField(value, place, operators);
  return parseExpression(operator, operand, below(place, operator));
}

const operators = [
  ...['"prefix"', '"suffix"', '"equals-ignore-case"', '"wildcard"', '"anything-but"'],
  ...['"numeric"', '"cidr"', '"exists"', '"exactly"'],
].join(", ");

function parseExpression(operator: string, operand: unknown, place: string): readonly Test[] | "absent" {
  switch (operator) {
    case "exactly":
      return [{ kind: "string", value: text(operand, place) }];
    case "prefix":
    case "suffix":
      if (!isObject(operand)) return affix(operator, text(operand, place));
      return affix(`${operator}-ignore-case`, text(caseless(operand, place), below(place, "equals-ignore-case")));
    case "equals-ignore-case":
      return [{ kind: operator, value: text(operand, place) }];
    case "wildcard":
      return [wildcard(text(operand, place), place)];
    case "numeric":
      return [parseNumeric(operand, place)];
    case "cidr":
      return [block(text(operand, place), place)];
    case "exists":
      if (typeof operand !== "boolean")
        invalid(place, `${shortForm(operand)} is neither true nor false`, "write true or false");
      return operand ? [{ kind: "exists" }] : "absent";
    case "anything-but":
      return [{ kind: "anything-but", tests: parseExcluded(operand, place) }];
    default:
      return invalid(place, `"${operator}" is no operator`, `write one of ${operators}`);
  }
}

function parseExcluded(operand: unknown, place: string): readonly Test[] {
  if (isObject(operand)) {
    const allowed = '"prefix", "suffix", "equals-ignore-case", "wildcard"';
    const [operator, inner] = onlyField(operand, place, allowed);
    const innerPlace = below(place, operator);
    return listed(inner, innerPlace).flatMap(([value, at]) => excludedText(operator, value, at, innerPlace, allowed));
  }
  const tests = listed(operand, place).map(([value, at]): Test => {
    if (typeof value === "string") return { kind: "string", value };
    if (typeof value === "number") return { kind: "number", value: comparable(value, at) };
    return invalid(at, `${shortForm(value)} can't be excluded`, "write a string or a number");
  });
  if (new Set(tests.map((test) => test.kind)).size > 1) {
    invalid(place, "the list mixes strings and numbers", "write one list of strings, or one of numbers");
  }
  return tests;
}

function excludedText(operator: string, value: unknown, at: string, place: string, allowed: string): readonly Test[] {
  switch (operator) {
    case "prefix":
    case "suffix":
      if (value === "") invalid(at, `every text has the ${operator} ""`, "write at least one character");
      return affix(operator, text(value, at));
    case "equals-ignore-case":
      return [{ kind: operator, value: text(value, at) }];
    case "wildcard":
      return [wildcard(text(value, at), at)];
    default:
      return invalid(place, `"anything-but" knows no "${operator}"`, `write one of ${allowed}`);
  }
}

/** One value or a list of them, each with its place. */
function listed(operand: unknown, place: string): [value: unknown, place: string][] {
  if (!Array.isArray(operand)) return [[operand, place]];
  if (operand.length === 0)
    invalid(place, "an empty list excludes nothing", 'write at least one value, or { "exists": true }');
  return operand.map((value: unknown, index) => [value, below(place, index)]);
}

function onlyField(
  object: Readonly<Record<string, unknown>>,
  place: string,
  allowed: string,
): [name: string, value: unknown] {
  const [name, ...others] = Object.keys(object);
  if (name === undefined) return invalid(place, "an empty object is no expression", `write one of ${allowed} in it`);
  if (others.length > 0) {
    const names = [name, ...others].map((key) => `"${key}"`).join(", ");
    invalid(
      place,
      `one expression holds one operator, and this has ${names}`,
      "write an expression for each, side by side",
    );
  }
  return [name, object[name]];
}

function caseless(operand: Readonly<Record<string, unknown>>, place: string): unknown {
  const [name, value] = onlyField(operand, place, '"equals-ignore-case"');
  if (name !== "equals-ignore-case")
    invalid(below(place, name), `"${name}" can't stand here`, 'write "equals-ignore-case" or a string');
  return value;
}

function text(operand: unknown, place: string): string {
  return typeof operand === "string" ? operand : invalid(place, `${shortForm(operand)} is no string`, "write a string");
}

/**
 * AWS's engine compares texts with their quotes around them, and the affix with one quote only: an affix that itself ends
 * with a quote also matches the text that the quote closes.
 */
function affix(
  kind: "prefix" | "suffix" | "prefix-ignore-case" | "suffix-ignore-case",
  value: string,
): readonly Test[] {
  const start = kind === "prefix" || kind === "prefix-ignore-case";
  const closes = start ? value.endsWith('"') : value.startsWith('"');
  if (!closes) return [{ kind, value }];
  const closed = start ? value.slice(0, -1) : value.slice(1);
  const exact = kind === "prefix" || kind === "suffix" ? "string" : "equals-ignore-case";
  return [
    { kind, value },
    { kind: exact, value: closed },
  ];
}

function wildcard(value: string, place: string): Test {
  const parsed = parseWildcard(value);
  if ("problem" in parsed)
    return invalid(place, parsed.problem, 'write "*" for any run, "\\*" for a star, "\\\\" for a backslash');
  const [first = "", second, ...others] = parsed.literals;
  if (second === undefined) return { kind: "string", value: first };
  if (others.length === 0 && second === "") return { kind: "prefix", value: first };
  if (others.length === 0 && first === "") return { kind: "suffix", value: second };
  return { kind: "wildcard", value, literals: parsed.literals };
}

function block(value: string, place: string): Test {
  const parts = value.split("/");
  // AWS's engine overlooks slashes at the end.
  while (parts.length > 2 && parts.at(-1) === "") parts.pop();
  const [address = "", mask, ...others] = parts;
  const digits = ipToHex(address);
  if (digits === undefined)
    return invalid(place, `${shortForm(value)} holds no IP address`, 'write a block such as "10.0.0.0/8"');
  if (mask === undefined || others.length > 0 || !/^[+-]?[0-9]+$/.test(mask)) {
    return invalid(place, `${shortForm(value)} is no block of addresses`, 'write a block such as "10.0.0.0/8"');
  }
  const bits = Number(mask);
  const most = digits.length * 4 - 1;
  if (bits < 0 || bits > most) {
    invalid(
      place,
      `"/${mask}" is not between "/0" and "/${most}"`,
      "write fewer bits, or the address itself as a plain string",
    );
  }
  return { kind: "ip", value, range: blockRange(digits, bits), numbers: true };
}
