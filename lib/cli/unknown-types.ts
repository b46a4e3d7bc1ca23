import type { Catalog } from "../event/catalog.ts";
import { didYouMean } from "../event/nearest.ts";
import { unknownTypes } from "../subscription/unknown-types.ts";
import type { CliIo } from "./io.ts";
import { printable } from "./output/text.ts";

/** Notes on stderr each type that the catalog does not have: a mistyped type may be why nothing matched. */
export function noteUnknownTypes(io: CliIo, types: readonly string[], catalog: Catalog): void {
  for (const type of unknownTypes(types, catalog)) {
    const fix = didYouMean(type, catalog.types(), "waggle catalog lists all types");
    io.stderr.write(`${io.stderr.colors.yellow("note:")} the catalog has no type ${printable(type)}${fix}\n`);
  }
}
