import { shortForm } from "../error/short-form.ts";
import { formatPath } from "./path.ts";

/** The steps to a value: keys and indexes. */
export type JsonPath = readonly (string | number)[];

/** What JSON.parse would change in silence. `${problem}` is a message. */
export interface JsonLoss {
  readonly path: JsonPath;
  readonly problem: string;
}

/** Every number of at most this many characters, without an exponent, is what it says. */
const safeLength = 15;
const numberForm = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/;

interface Container {
  /** The keys so far; `undefined` in an array. */
  readonly keys: Set<string> | undefined;
  /** Where the scan is in it. */
  step: string | number;
}

/**
 * Finds what `JSON.parse` changes in a text that it accepts: numbers that no JavaScript number holds exactly, and all but the last
 * of equal keys. In the order of the text.
 */
export function findLosses(json: string): readonly JsonLoss[] {
  const losses: JsonLoss[] = [];
  const open: Container[] = [];
  const pathTo = (depth: number) => open.slice(0, depth).map(({ step }) => step);
  let position = 0;
  while (position < json.length) {
    const character = json[position] ?? "";
    const inside = open.at(-1);
    if (character === '"') {
      const end = endOfString(json, position);
      if (inside?.keys !== undefined && isKey(json, end)) {
        const key = textOf(json.slice(position, end));
        inside.step = key;
        if (inside.keys.has(key))
          losses.push({ path: pathTo(open.length), problem: repeated(pathTo(open.length - 1), key) });
        inside.keys.add(key);
      }
      position = end;
    } else if (character === "{" || character === "[") {
      open.push(character === "{" ? { keys: new Set(), step: "" } : { keys: undefined, step: 0 });
      position += 1;
    } else if (character === "}" || character === "]") {
      open.pop();
      position += 1;
    } else if (character === ",") {
      if (typeof inside?.step === "number") inside.step += 1;
      position += 1;
    } else if (character === "-" || isDigit(character)) {
      const end = endOfNumber(json, position);
      const literal = json.slice(position, end);
      if (!isExact(literal)) losses.push({ path: pathTo(open.length), problem: inexact(pathTo(open.length), literal) });
      position = end;
    } else {
      position += 1;
    }
  }
  return losses;
}

/** The text of a string with its quotes; few have escapes. */
function textOf(literal: string): string {
  return literal.includes("\\") ? String(JSON.parse(literal)) : literal.slice(1, -1);
}

function endOfString(json: string, start: number): number {
  let end = json.indexOf('"', start + 1);
  while (isEscaped(json, end)) end = json.indexOf('"', end + 1);
  return end + 1;
}

/** Whether an odd number of backslashes precedes. */
function isEscaped(json: string, position: number): boolean {
  let slashes = 0;
  while (json[position - slashes - 1] === "\\") slashes += 1;
  return slashes % 2 === 1;
}

function isKey(json: string, end: number): boolean {
  let position = end;
  while (/\s/.test(json[position] ?? "")) position += 1;
  return json[position] === ":";
}

function isDigit(character: string): boolean {
  return character >= "0" && character <= "9";
}

function endOfNumber(json: string, start: number): number {
  let end = start + 1;
  while (/[\d.eE+-]/.test(json[end] ?? "")) end += 1;
  return end;
}

/** Whether the nearest JavaScript number, written as short as it can be, is the same decimal number. */
function isExact(literal: string): boolean {
  if (literal.length <= safeLength && !/[eE]/.test(literal)) return true;
  return decimal(literal) === decimal(String(Number(literal)));
}

/** Sign, digits and exponent, without zeros that say nothing; JSON.parse keeps no sign of a zero. */
function decimal(literal: string): string {
  const [, sign = "", whole = "", fraction = "", exponent = "0"] = numberForm.exec(literal) ?? [];
  const digits = `${whole}${fraction}`.replace(/^0+/, "");
  const significant = digits.replace(/0+$/, "");
  if (significant === "") return numberForm.test(literal) ? "0" : literal;
  const power = BigInt(exponent) - BigInt(fraction.length) + BigInt(digits.length - significant.length);
  return `${sign}${significant}e${power}`;
}

function inexact(path: JsonPath, literal: string): string {
  const value = Number(literal);
  const text = literal.length > 60 ? `${literal.slice(0, 60)}…` : literal;
  return `${named(path)} is ${text}, which would become ${value}; round it, or write it as a string`;
}

function repeated(path: JsonPath, key: string): string {
  return `${named(path)} has the key ${shortForm(key)} twice, and only the last would count; remove one`;
}

function named(path: JsonPath): string {
  return path.length === 0 ? "the value" : formatPath("", path);
}
