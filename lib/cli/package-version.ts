import { readFileSync } from "node:fs";
import { findPackageJSON } from "node:module";

/** The version of this package. */
export function packageVersion(): string {
  const file = findPackageJSON(import.meta.url);
  const contents: unknown = file === undefined ? undefined : JSON.parse(readFileSync(file, "utf8"));
  const stated = contents instanceof Object ? Reflect.get(contents, "version") : undefined;
  return typeof stated === "string" ? stated : "unknown";
}
