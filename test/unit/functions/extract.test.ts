import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { extract } from "../../../functions/extractor/extract.ts";

const namesOf = (text: string, path = "docs/a.md") =>
  extract(text, path).entities.map(({ kind, name }) => `${kind} ${name}`);

describe("extract", () => {
  test("finds headings, identifiers, links and names, after the document itself", () => {
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

  test("relates the document to each entity by kind", () => {
    expect(extract("# Hives\n`queen` [x](b.md)", "a.md").relationships).toEqual([
      { from: "a.md", to: "Hives", kind: "covers" },
      { from: "a.md", to: "queen", kind: "names" },
      { from: "a.md", to: "b.md", kind: "links_to" },
    ]);
  });

  test("sorts entities by the number of mentions", () => {
    expect(namesOf("`one` `two` `two`")).toEqual(["document docs/a.md", "code two", "code one"]);
  });

  test("ignores headings and names in a fenced code block", () => {
    expect(namesOf("```sh\n# Not A Heading\n```\n")).toEqual(["document docs/a.md"]);
  });

  test("ignores a word that starts a sentence, but not one with capitals inside", () => {
    expect(namesOf("Bees fly. The SQLite file. In New York.")).toEqual([
      "document docs/a.md",
      "term SQLite",
      "term New York",
    ]);
  });

  test("ignores links within the page and prose in backticks", () => {
    expect(namesOf("[up](#top) `two words`")).toEqual(["document docs/a.md"]);
  });

  test("bounds the entities of a long document", () => {
    const text = Array.from({ length: 500 }, (_, index) => `\`name_${index}\``).join(" ");
    expect(extract(text, "a.md").entities).toHaveLength(81);
  });

  test("returns the same valid JSON for a text every time, with relationships to known entities only", () => {
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

  test("takes linear time for a hostile text", () => {
    const hostile = [
      "`".repeat(60_000),
      "A ".repeat(30_000),
      "```\n~~~\n".repeat(7_000),
      "[](".repeat(20_000),
      "# ".repeat(30_000),
    ];
    // Of the processor: on a busy machine the clock says nothing.
    const before = process.cpuUsage();
    for (const text of hostile) extract(text, "a.md");
    expect(process.cpuUsage(before).user / 1_000).toBeLessThan(3_000);
  });
});
