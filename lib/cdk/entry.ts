import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { BusError } from "../error/bus-error.ts";
import type { CatalogModule } from "./catalog-module.ts";

/** A default import of a generated module: the path, with or without its extension, and the local name. */
export interface DefaultImport {
  readonly path: string;
  readonly as: string;
}

const extensions = ["", ".ts", ".mts", ".js", ".mjs"];

/** Returns the file of a module, whose extension may be omitted, or `undefined` if it does not exist. */
export function moduleFile(path: string): string | undefined {
  return extensions
    .map((extension) => `${resolve(path)}${extension}`)
    .find((file) => existsSync(file) && /\.m?[jt]s$/.test(file));
}

/**
 * Returns the nearest folder above a path that has a package.json: from there `wagglebus` resolves to the same copy as in the
 * code next to it. Throws `invalid_config`.
 */
export function packageFolder(from: string): string {
  const folder = resolve(from);
  if (existsSync(join(folder, "package.json"))) return folder;
  const parent = dirname(folder);
  if (parent !== folder) return packageFolder(parent);
  throw new BusError(
    "invalid_config",
    `no folder above ${from} has a package.json, so "wagglebus" cannot be resolved there`,
  );
}

/**
 * Writes the entry module of a Lambda function, `export const handler = <expression>`, with default imports of other modules,
 * and returns its path. The file is in the package of the code that it imports, so that both resolve `wagglebus` to the same
 * copy. Its text depends only on the arguments, so that the bundle is reproducible.
 */
export function writeEntry(options: {
  /** Path of the module below `.waggle/functions` of the package, without its extension. */
  readonly name: string;
  /** A folder in the package. */
  readonly from: string;
  /** The function to import from `wagglebus/lambda`. */
  readonly factory: string;
  readonly imports: readonly DefaultImport[];
  /** The expression that creates the handler. */
  readonly expression: string;
}): string {
  const file = join(packageFolder(options.from), ".waggle", "functions", `${options.name}.mjs`);
  const folder = dirname(file);
  const lines = [
    `import { ${options.factory} } from "wagglebus/lambda";`,
    ...options.imports.map(({ path, as }) => `import ${as} from ${JSON.stringify(specifier(folder, path))};`),
    `export const handler = ${options.expression};`,
    "",
  ];
  const text = lines.join("\n");
  mkdirSync(folder, { recursive: true });
  if (!existsSync(file) || readFileSync(file, "utf8") !== text) writeFileSync(file, text);
  return file;
}

/** Writes the entry of a function of the bus: a factory of `wagglebus/lambda` with its options. Returns its path. */
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
    factory,
    imports: catalog === undefined ? [] : [{ path: catalog.module, as: "catalog" }],
    expression: `${factory}(${fields.length === 0 ? "" : `{ ${fields.join(", ")} }`})`,
  });
}

function specifier(folder: string, path: string): string {
  const file = moduleFile(path);
  if (file === undefined) {
    throw new BusError(
      "invalid_config",
      `the module ${path} does not exist; create it with the extension .ts, .mts, .js or .mjs`,
    );
  }
  const from = relative(folder, file).split(sep).join("/");
  return from.startsWith(".") ? from : `./${from}`;
}
