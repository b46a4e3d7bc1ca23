import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { BusError } from "../error/bus-error.ts";
import type { CatalogModule } from "./catalog-module.ts";

/** A module, by its path without or with its ending, and what a generated one calls its default export. */
export interface Import {
  readonly path: string;
  readonly as: string;
}

const endings = ["", ".ts", ".mts", ".js", ".mjs"];

/** The file of a module that may be named without its ending; undefined where there is none. */
export function moduleFile(path: string): string | undefined {
  return endings
    .map((ending) => `${resolve(path)}${ending}`)
    .find((file) => existsSync(file) && /\.m?[jt]s$/.test(file));
}

/** The next folder with a package.json, upwards: from there `wagglebus` resolves as it does for the code beside it. */
export function packageFolder(from: string): string {
  const folder = resolve(from);
  if (existsSync(join(folder, "package.json"))) return folder;
  const parent = dirname(folder);
  if (parent !== folder) return packageFolder(parent);
  throw new BusError(
    "invalid_config",
    `no folder above ${from} has a package.json, so "wagglebus" cannot be found from there`,
  );
}

/**
 * Writes the module that Lambda starts: `export const handler = <make>`, with the default exports of other modules in reach.
 * It lies in the package of the code that it imports, so that both mean the same copy of `wagglebus`, and its text follows
 * from the arguments alone, so that the bundle is the same the next time.
 */
export function writeEntry(options: {
  /** Below `.waggle/functions` of the package. */
  readonly name: string;
  /** Where the package may be. */
  readonly from: string;
  /** The function of `wagglebus/lambda`. */
  readonly uses: string;
  readonly imports: readonly Import[];
  readonly make: string;
}): string {
  const file = join(packageFolder(options.from), ".waggle", "functions", `${options.name}.mjs`);
  const folder = dirname(file);
  const lines = [
    `import { ${options.uses} } from "wagglebus/lambda";`,
    ...options.imports.map(({ path, as }) => `import ${as} from ${JSON.stringify(specifier(folder, path))};`),
    `export const handler = ${options.make};`,
    "",
  ];
  const text = lines.join("\n");
  mkdirSync(folder, { recursive: true });
  if (!existsSync(file) || readFileSync(file, "utf8") !== text) writeFileSync(file, text);
  return file;
}

/** The entry of a function of the bus itself: a factory of `wagglebus/lambda`, with its options. */
export function recorderEntry(
  busName: string,
  name: string,
  factory: string,
  { catalog, options = {} }: { catalog: CatalogModule | undefined; options?: Readonly<Record<string, unknown>> },
): string {
  const fields = Object.entries(options).map(([field, value]) => `${field}: ${JSON.stringify(value)}`);
  if (catalog !== undefined) fields.unshift("catalog");
  return writeEntry({
    name: `${busName}/${name}`,
    from: catalog === undefined ? process.cwd() : dirname(resolve(catalog.module)),
    uses: factory,
    imports: catalog === undefined ? [] : [{ path: catalog.module, as: "catalog" }],
    make: `${factory}(${fields.length === 0 ? "" : `{ ${fields.join(", ")} }`})`,
  });
}

function specifier(folder: string, path: string): string {
  const file = moduleFile(path);
  if (file === undefined) {
    throw new BusError("invalid_config", `there is no module ${path}; give a file that ends in .ts, .mts, .js or .mjs`);
  }
  const from = relative(folder, file).split(sep).join("/");
  return from.startsWith(".") ? from : `./${from}`;
}
