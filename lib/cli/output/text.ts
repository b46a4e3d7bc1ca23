import { stripVTControlCharacters } from "node:util";

/** Control characters of C0 and C1 and bidirectional controls, which could change what a terminal shows. */
const unsafe = /[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** Makes untrusted text safe for a terminal: control characters, line breaks included, become visible escapes. */
export function printable(text: string): string {
  return text.replace(unsafe, escapeControl);
}

/** Makes untrusted text safe for a terminal but keeps its line breaks, for stacks and long messages. */
export function printableLines(text: string): string {
  return text
    .split(/\r?\n/)
    .map((line) => printable(line.replaceAll("\t", "  ")))
    .join("\n");
}

function escapeControl(control: string): string {
  const short: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };
  return short[control] ?? `\\u${(control.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`;
}

/** Returns the number of columns that a string occupies, without colours; wide characters occupy two. */
export function displayWidth(text: string): number {
  const plain = stripVTControlCharacters(text);
  if (/^[\x20-\x7e]*$/.test(plain)) return plain.length;
  let width = 0;
  for (const character of plain) width += characterWidth(character);
  return width;
}

function characterWidth(character: string): number {
  if (/\p{Mark}|\u200d|\ufe0f/u.test(character)) return 0;
  return /\p{Emoji_Presentation}|[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60]/u.test(
    character,
  )
    ? 2
    : 1;
}

/** Truncates plain text to a number of columns, with an ellipsis if it is too long. */
export function truncate(text: string, columns: number): string {
  if (displayWidth(text) <= columns) return text;
  let kept = "";
  let width = 0;
  for (const character of text) {
    width += characterWidth(character);
    if (width > columns - 1) break;
    kept += character;
  }
  return columns <= 0 ? "" : `${kept}…`;
}

/** Formats a count with its noun: `1 event`, `2 events`. */
export function plural(count: number, word: string, words = `${word}s`): string {
  return `${count.toLocaleString("en-US")} ${count === 1 ? word : words}`;
}
