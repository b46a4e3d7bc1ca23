import { posix } from "node:path";
import { cut } from "../_shared/cut.ts";

/** An entity that a document mentions. */
export type Entity = {
  name: string;
  kind: "document" | "topic" | "code" | "link" | "term";
  /** How often the document mentions it. */
  mentions: number;
};

/** How a document and an entity are related. */
export type Relationship = {
  from: string;
  to: string;
  kind: "covers" | "names" | "links_to" | "mentions";
};

export interface Extraction {
  entities: Entity[];
  relationships: Relationship[];
}

/** The maximum number of entities of a document: those with the most mentions, then the first ones. */
const entityLimit = 80;
const nameCharacters = 120;

const relationKinds = {
  topic: "covers",
  code: "names",
  link: "links_to",
  document: "links_to",
  term: "mentions",
} as const;

/** Capitalized words that usually start a sentence, not a name. */
const openers = new Set(
  "A An And As At But By Do Each Every For From If In It Its No Not Of On One Or So That The Then There These They This To We What When Where Which Who With You".split(
    " ",
  ),
);

/**
 * Extracts the entities of a text without a model: its headings, the identifiers in `code`, its links and its names. The
 * result for a text is always the same.
 */
export function extract(text: string, path: string): Extraction {
  const found = new Map<string, Entity>();
  const add = (kind: Entity["kind"], raw: string) => {
    const name = cut(raw.replaceAll(/\s+/g, " ").trim(), nameCharacters);
    if (name === "" || name === path) return;
    const known = found.get(name);
    if (known === undefined) found.set(name, { name, kind, mentions: 1 });
    else known.mentions += 1;
  };

  const prose = text.replaceAll(/^(```|~~~)[\s\S]*?^\1/gm, "\n");
  for (const [, heading = ""] of prose.matchAll(/^#{1,6}[ \t]+(\S.*)$/gm))
    add("topic", heading.replaceAll(/[`*]/g, ""));
  for (const [, code = ""] of prose.matchAll(/`([^`\n]{2,60})`/g)) if (isIdentifier(code)) add("code", code);
  for (const [, target = ""] of prose.matchAll(/\]\(([^()\s]+)/g)) addLink(target, path, add);
  for (const [url] of prose.matchAll(/(?<!\]\()https?:\/\/[^\s()<>"'`\]]+/g))
    addLink(url.replace(/[.,;:]+$/, ""), path, add);

  const sentences = prose.replaceAll(/^#.*$|`[^`\n]*`|\]\([^()\s]*\)|https?:\/\/\S+/gm, " . ");
  for (const [phrase] of sentences.matchAll(/\p{Lu}[\p{L}\d]*(?:[ -]\p{Lu}[\p{L}\d]*)*/gu)) addTerm(phrase, add);

  const kept = [...found.values()].toSorted((a, b) => b.mentions - a.mentions).slice(0, entityLimit);
  return {
    entities: [{ name: path, kind: "document", mentions: 1 }, ...kept],
    relationships: kept.map(({ name, kind }) => ({ from: path, to: name, kind: relationKinds[kind] })),
  };
}

function isIdentifier(code: string): boolean {
  return /^[@$\w][\w.:/@$*-]*(\(\))?$/.test(code) && /[A-Za-z]/.test(code);
}

/** Adds a link. A link to a file becomes the path of that document, so that linked documents are connected in the graph. */
function addLink(target: string, path: string, add: (kind: Entity["kind"], name: string) => void): void {
  if (target.startsWith("#")) return;
  if (/^[a-z][a-z\d+.-]*:/i.test(target)) add("link", target);
  else add("document", posix.normalize(posix.join(posix.dirname(path), target.replace(/[?#].*$/, ""))));
}

/** Adds a name: two or more capitalized words, or one with a capital inside (SQLite, UUID). Others may start a sentence. */
function addTerm(phrase: string, add: (kind: Entity["kind"], name: string) => void): void {
  const words = phrase.split(" ");
  while (openers.has(words[0] ?? "")) words.shift();
  const name = words.join(" ");
  if (words.length > 1 || /\p{Lu}/u.test(name.slice(1))) add("term", name);
}
