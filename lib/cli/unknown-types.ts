import type { Catalog } from "../event/catalog.ts";
import { didYouMean } from "../event/nearest.ts";
import { isCustomType } from "../event/type-name.ts";
import type { CliIo } from "./io.ts";
import { printable } from "./output/text.ts";

/** Where nothing matched, a mistyped type may be why: says so on stderr. */
export function noteUnknownTypes(io: CliIo, types: readonly string[], catalog: Catalog): void {
  const known = catalog.types();
  for (const type of types) {
    if (catalog.open || type.includes("*") || isCustomType(type) || known.includes(type)) continue;
    const fix = didYouMean(type, known, "waggle catalog lists the types");
    io.stderr.write(`${io.stderr.colors.yellow("note:")} the catalog has no type ${printable(type)}${fix}\n`);
  }
}
