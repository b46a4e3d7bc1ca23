import { isUtf8 } from "node:buffer";
import { readFile } from "node:fs/promises";
import { extname } from "node:path";
import { cut } from "../_shared/cut.ts";
import { digestOf } from "../_shared/document.ts";

/** The contents of a document as a reader publishes them. */
export interface Reading {
  digest: string;
  /** The text, truncated to 64,000 characters to keep the event small. */
  text: string;
  truncated: boolean;
  title: string;
  summary: string;
  words: number;
  bytes: number;
}

/** The document cannot be read, and trying again does not help. The message says what to fix. */
export class BrokenDocumentError extends Error {
  override readonly name = "BrokenDocumentError";
}

const keptCharacters = 64_000;
const summaryCharacters = 240;

/** Errors of the file system that persist when retried. */
const permanentErrors: Readonly<Record<string, string>> = {
  ENOENT: "no longer exists; restore it and redrive, or discard the dead letter",
  EACCES: "cannot be read; change its permissions, then redrive",
  EPERM: "cannot be read; change its permissions, then redrive",
  EISDIR: "is a folder, not a document",
};

/** Reads a document from disk. Rejects with {@link BrokenDocumentError}, or with the file system's error if it may pass. */
export async function readDocument(path: string, signal?: AbortSignal): Promise<Reading> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path, { signal });
  } catch (thrown) {
    const code = thrown instanceof Error && "code" in thrown ? String(thrown.code) : "";
    const permanent = permanentErrors[code];
    if (permanent !== undefined) throw new BrokenDocumentError(`${path} ${permanent} (${code})`, { cause: thrown });
    throw thrown;
  }
  return parseDocumentText(path, bytes);
}

/** Parses the bytes of a document. Throws {@link BrokenDocumentError} with the line that is broken. */
export function parseDocumentText(path: string, bytes: Uint8Array): Reading {
  const whole = decode(path, bytes);
  checkSyntax(path, whole);
  const text = cut(whole, keptCharacters);
  return {
    digest: digestOf(bytes),
    text,
    truncated: text.length < whole.length,
    ...describe(path, whole),
    words: whole.match(/[\p{L}\p{N}]+/gu)?.length ?? 0,
    bytes: bytes.length,
  };
}

function decode(path: string, bytes: Uint8Array): string {
  if (isUtf8(bytes)) return new TextDecoder().decode(bytes);
  // A line feed is never part of a multi-byte character, so each line can be checked separately.
  let line = 1;
  let start = 0;
  for (;;) {
    const end = bytes.indexOf(10, start);
    if (end === -1 || !isUtf8(bytes.subarray(start, end))) break;
    start = end + 1;
    line += 1;
  }
  throw new BrokenDocumentError(`${path}: line ${line} is not UTF-8; save the file as UTF-8, then redrive`);
}

function checkSyntax(path: string, text: string): void {
  const extension = extname(path).toLowerCase();
  if (extension === ".json") checkJson(text, path);
  if (extension === ".jsonl" || extension === ".ndjson") {
    for (const [index, line] of text.split("\n").entries()) {
      if (line.trim() !== "") checkJson(line, `${path}: line ${index + 1}`);
    }
  }
}

function checkJson(text: string, where: string): void {
  try {
    JSON.parse(text);
  } catch (thrown) {
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    // V8 reports a position in the parsed text, which would be misleading for a single line of a file.
    const [why = message] = message.split(" in JSON at position ");
    throw new BrokenDocumentError(`${where} is not JSON (${cut(why, 120)}); fix it, then redrive`, { cause: thrown });
  }
}

/** Returns the first heading, or else the file name, as the title, and the first paragraph of prose as the summary. */
function describe(path: string, text: string): { title: string; summary: string } {
  const prose = text.replaceAll(/^(```|~~~)[\s\S]*?^\1/gm, "");
  const heading = /^#{1,6}[ \t]+(\S.*)$/m.exec(prose)?.[1];
  const paragraph = prose.split(/\n[ \t]*\n/).find((block) => /\S/.test(block) && !/^\s*(#|<|\||---)/.test(block));
  const name = path.slice(path.lastIndexOf("/") + 1);
  return {
    title: cut((heading ?? name).trim(), 120),
    summary: cut((paragraph ?? "").replaceAll(/\s+/g, " ").trim(), summaryCharacters),
  };
}
