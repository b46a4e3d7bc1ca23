import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { extract } from "../../../functions/extractor/extract.ts";

const namesOf = (text: string, path = "docs/a.md") =>
  extract(text, path).entities.map(({ kind, name }) => `${kind} ${name}`);

describe("extract", () => {
  test("finds headings, identifiers, links and names; the document itself comes first", () => {
    const text = [
      "# How `bees` dance",
      "",
      "The Waggle Dance was decoded by Karl von Frisch. See `bus.publish()` and [the contract](../contract.md#order),",
      "or https://example.com/dance.",
    ].join("\n");
    expect(namesOf(text, "docs/bees/a.md")).toEqual([
      "document docs/bees/a.md",
      "topic How bees dance",
      "code bees",
      "code bus.publish()",
      "document docs/contract.md",
      "link https://example.com/dance",
      "term Waggle Dance",
    ]);
  });

  test("relationships lead from the document to each thing, by kind", () => {
    expect(extract("# Hives\n`queen` [x](b.md)", "a.md").relationships).toEqual([
      { from: "a.md", to: "Hives", kind: "covers" },
      { from: "a.md", to: "queen", kind: "names" },
      { from: "a.md", to: "b.md", kind: "links_to" },
    ]);
  });

  test("what is named more often comes first", () => {
    expect(namesOf("`one` `two` `two`")).toEqual(["document docs/a.md", "code two", "code one"]);
  });

  test("a fenced block is code, not headings or names", () => {
    expect(namesOf("```sh\n# Not A Heading\n```\n")).toEqual(["document docs/a.md"]);
  });

  test("a word that only opens a sentence is no name; one with capitals inside is", () => {
    expect(namesOf("Bees fly. The SQLite file. In New York.")).toEqual([
      "document docs/a.md",
      "term SQLite",
      "term New York",
    ]);
  });

  test("a link within the page and prose in backticks are left out", () => {
    expect(namesOf("[up](#top) `two words`")).toEqual(["document docs/a.md"]);
  });

  test("a long document gives a bounded event", () => {
    const text = Array.from({ length: 500 }, (_, index) => `\`name_${index}\``).join(" ");
    expect(extract(text, "a.md").entities).toHaveLength(81);
  });

  test("any text gives the same result twice, relationships to known entities, and JSON that is valid UTF-8", () => {
    const piece = fc.constantFrom(
      "# ",
      "`",
      "[a](",
      ")",
      "\n",
      "The ",
      "New York",
      "```",
      "https://x.y/",
      "😀",
      "\ud83d",
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(piece, fc.string({ unit: "grapheme" }))), (parts) => {
        const text = parts.join("").toWellFormed();
        const found = extract(text, "a.md");
        expect(extract(text, "a.md")).toEqual(found);
        const names = new Set(found.entities.map(({ name }) => name));
        expect(found.relationships.every(({ to }) => names.has(to))).toBe(true);
        expect(found.entities).toHaveLength(names.size);
        expect(JSON.stringify(found).isWellFormed()).toBe(true);
      }),
    );
  });

  test("a hostile text costs no more than its length", () => {
    const hostile = [
      "`".repeat(60_000),
      "A ".repeat(30_000),
      "```\n~~~\n".repeat(7_000),
      "[](".repeat(20_000),
      "# ".repeat(30_000),
    ];
    const startedAt = performance.now();
    for (const text of hostile) extract(text, "a.md");
    expect(performance.now() - startedAt).toBeLessThan(3_000);
  });
});
