import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

/** The files of the page by name, as they are served. */
export type PageFiles = Readonly<Record<"index.html" | "page.js" | "page.css", string>>;

/**
 * Bundles the page from its sources: once for a package, by the build, and when a server first needs it where the library runs from
 * its sources. Rejects where one of them has an error, or esbuild is not installed.
 */
export async function bundlePage(): Promise<PageFiles> {
  const { build } = await import("esbuild");
  const source = fileURLToPath(new URL("./page/", import.meta.url));
  const { outputFiles } = await build({
    absWorkingDir: source,
    entryPoints: { page: "main.tsx", style: "style.css" },
    bundle: true,
    minify: true,
    format: "esm",
    target: ["chrome120", "firefox121", "safari17"],
    jsx: "automatic",
    jsxImportSource: "preact",
    legalComments: "none",
    logLevel: "silent",
    outdir: source,
    write: false,
    tsconfigRaw: {},
  });
  const bundled = (extension: string) => outputFiles.find(({ path }) => path.endsWith(extension))?.text ?? "";
  return {
    "index.html": await readFile(`${source}index.html`, "utf8"),
    "page.js": bundled(".js"),
    "page.css": bundled(".css"),
  };
}
