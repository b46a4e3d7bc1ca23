import { readFileSync } from "node:fs";

const { name, exports } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));

/**
 * The public entries of the package: the name that a program imports, the source file behind it from the project's folder,
 * and the page of docs/reference/api without its extension. TypeDoc takes a page in the folder of another for one of its names.
 * @type {readonly { name: string, file: string, page: string }[]}
 */
export const entries = Object.entries(exports).flatMap(([path, target]) => {
  const { types } = Object(target);
  if (typeof types !== "string") return [];
  const file = types.replace(/^\.\/dist\//, "").replace(/\.d\.ts$/, ".ts");
  return [{ name: name + path.slice(1), file, page: path.slice(2).replaceAll("/", "-") || name }];
});
