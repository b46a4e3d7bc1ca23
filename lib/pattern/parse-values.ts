import { below, invalid, invalidValue } from "./invalid.ts";
import { blockRange, ipToHex } from "./ip.ts";
import { isObject } from "./json-object.ts";
import { comparable, parseNumeric } from "./parse-numeric.ts";
import type { Test } from "./value-test.ts";
import { parseWildcard } from "./wildcard.ts";

/** Parses the list of values of one field. */
export function parseValues(values: readonly unknown[], position: string): { tests: readonly Test[]; absent: boolean } {
  if (values.length === 0) {
    invalid(position, 'must have at least one value, but is []; to match any value, use [{ "exists": true }]');
  }
  const tests: Test[] = [];
  let absent = false;
  values.forEach((value, index) => {
    const parsed = parseValue(value, below(position, index));
    if (parsed === "absent") absent = true;
    else tests.push(...parsed);
  });
  return { tests, absent };
}

function parseValue(value: unknown, position: string): readonly Test[] | "absent" {
  if (typeof value === "string") {
    const address = ipToHex(value);
    if (address === undefined) return [{ kind: "string", value }];
    return [{ kind: "ip", value, range: { from: address, to: address } }];
  }
  if (typeof value === "number") return [{ kind: "number", value: comparable(value, position) }];
  if (typeof value === "boolean" || value === null) return [{ kind: "literal", value }];
  if (!isObject(value)) invalidValue(position, "a string, number, true, false, null or an expression", value);
  const [operator, operand] = onlyField(value, position, operators);
  return parseExpression(operator, operand, below(position, operator));
}

const operators = [
  ...['"prefix"', '"suffix"', '"equals-ignore-case"', '"wildcard"', '"anything-but"'],
  ...['"numeric"', '"cidr"', '"exists"', '"exactly"'],
].join(", ");

function parseExpression(operator: string, operand: unknown, position: string): readonly Test[] | "absent" {
  switch (operator) {
    case "exactly":
      return [{ kind: "string", value: stringOf(operand, position) }];
    case "prefix":
    case "suffix":
      if (!isObject(operand)) return affix(operator, stringOf(operand, position));
      return affix(
        `${operator}-ignore-case`,
        stringOf(ignoreCaseOperand(operand, position), below(position, "equals-ignore-case")),
      );
    case "equals-ignore-case":
      return [{ kind: operator, value: stringOf(operand, position) }];
    case "wildcard":
      return [wildcard(stringOf(operand, position), position)];
    case "numeric":
      return [parseNumeric(operand, position)];
    case "cidr":
      return [block(stringOf(operand, position), position)];
    case "exists":
      if (typeof operand !== "boolean") invalidValue(position, "true or false", operand);
      return operand ? [{ kind: "exists" }] : "absent";
    case "anything-but":
      return [{ kind: "anything-but", tests: parseExcluded(operand, position) }];
    default:
      return unknownOperator(position, operator, operators);
  }
}

function unknownOperator(position: string, operator: string, known: string): never {
  return invalid(position, `unknown operator "${operator}"; the operators are ${known}`);
}

function parseExcluded(operand: unknown, position: string): readonly Test[] {
  if (isObject(operand)) {
    const allowed = '"prefix", "suffix", "equals-ignore-case", "wildcard"';
    const [operator, inner] = onlyField(operand, position, allowed);
    const innerPosition = below(position, operator);
    return oneOrMore(inner, innerPosition).flatMap(([value, at]) =>
      excludedString(operator, value, at, innerPosition, allowed),
    );
  }
  const tests = oneOrMore(operand, position).map(([value, at]): Test => {
    if (typeof value === "string") return { kind: "string", value };
    if (typeof value === "number") return { kind: "number", value: comparable(value, at) };
    return invalidValue(at, "a string or a number", value);
  });
  if (new Set(tests.map((test) => test.kind)).size > 1) {
    invalid(position, "must not mix strings and numbers; write a list of strings or a list of numbers");
  }
  return tests;
}

function excludedString(
  operator: string,
  value: unknown,
  at: string,
  position: string,
  allowed: string,
): readonly Test[] {
  switch (operator) {
    case "prefix":
    case "suffix":
      if (value === "") invalid(at, `must not be "", which is a ${operator} of every string`);
      return affix(operator, stringOf(value, at));
    case "equals-ignore-case":
      return [{ kind: operator, value: stringOf(value, at) }];
    case "wildcard":
      return [wildcard(stringOf(value, at), at)];
    default:
      return unknownOperator(position, operator, allowed);
  }
}

/** Returns one value or a list of values, each with its position. */
function oneOrMore(operand: unknown, position: string): [value: unknown, position: string][] {
  if (!Array.isArray(operand)) return [[operand, position]];
  if (operand.length === 0) {
    invalid(position, 'must have at least one value, but is []; to match any value, use { "exists": true }');
  }
  return operand.map((value: unknown, index) => [value, below(position, index)]);
}

function onlyField(
  object: Readonly<Record<string, unknown>>,
  position: string,
  allowed: string,
): [name: string, value: unknown] {
  const [name, ...others] = Object.keys(object);
  if (name === undefined) return invalid(position, `must have one operator, but is {}; the operators are ${allowed}`);
  if (others.length > 0) {
    const names = [name, ...others].map((key) => `"${key}"`).join(", ");
    invalid(position, `must have one operator, but has ${names}; write a separate expression for each`);
  }
  return [name, object[name]];
}

function ignoreCaseOperand(operand: Readonly<Record<string, unknown>>, position: string): unknown {
  const [name, value] = onlyField(operand, position, '"equals-ignore-case"');
  if (name !== "equals-ignore-case") unknownOperator(below(position, name), name, '"equals-ignore-case"');
  return value;
}

function stringOf(operand: unknown, position: string): string {
  return typeof operand === "string" ? operand : invalidValue(position, "a string", operand);
}

/**
 * AWS's engine compares strings including their quotes, but an affix with one quote only: an affix that itself ends with a
 * quote also matches the string that the quote closes.
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

function wildcard(value: string, position: string): Test {
  const parsed = parseWildcard(value);
  if ("problem" in parsed) return invalid(position, parsed.problem);
  const [first = "", second, ...others] = parsed.literals;
  if (second === undefined) return { kind: "string", value: first };
  if (others.length === 0 && second === "") return { kind: "prefix", value: first };
  if (others.length === 0 && first === "") return { kind: "suffix", value: second };
  return { kind: "wildcard", value, literals: parsed.literals };
}

function block(value: string, position: string): Test {
  const parts = value.split("/");
  // AWS's engine ignores trailing slashes.
  while (parts.length > 2 && parts.at(-1) === "") parts.pop();
  const [address = "", mask, ...others] = parts;
  const digits = ipToHex(address);
  if (digits === undefined || mask === undefined || others.length > 0 || !/^[+-]?[0-9]+$/.test(mask)) {
    return invalidValue(position, 'an address block such as "10.0.0.0/8"', value);
  }
  const bits = Number(mask);
  const max = digits.length * 4 - 1;
  if (bits < 0 || bits > max) {
    invalid(
      position,
      `the prefix length must be from 0 to ${max}, not ${mask}; to match one address, write it as a plain string`,
    );
  }
  return { kind: "ip", value, range: blockRange(digits, bits) };
}
