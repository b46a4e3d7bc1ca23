import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { findPackageJSON } from "node:module";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { BusError } from "../error/bus-error.ts";
import type { PageFiles } from "./bundle-page.ts";

/** A file of the page, ready to be sent. */
export interface PageAsset {
  readonly contentType: string;
  readonly body: Uint8Array<ArrayBuffer>;
  /** The same, compressed with gzip. */
  readonly gzipped: Uint8Array<ArrayBuffer>;
}

/** The page as a server sends it. */
export interface Page {
  /** The document, the same for all views. */
  readonly document: PageAsset;
  /** What the document loads, by path. A path names its content, so that a browser may keep what is there for good. */
  readonly assets: ReadonlyMap<string, PageAsset>;
}

/** The page's content may load and call nothing but its own server, and run nothing but its own script; no page may embed it. */
export const pageHeaders: Readonly<Record<string, string>> = {
  "content-security-policy": [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "connect-src 'self'",
    "img-src 'self' data:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join("; "),
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-frame-options": "DENY",
};

let loaded: Promise<Page> | undefined;

/**
 * The page of this package, loaded once a process. Rejects with `unavailable` where this copy of the package does not have it; what
 * could not be loaded is tried again by the next call.
 */
export function loadPage(): Promise<Page> {
  loaded ??= readFiles()
    .then(toPage)
    .catch((thrown: unknown) => {
      loaded = undefined;
      throw thrown;
    });
  return loaded;
}

/** The files that the build has put into the package; from the sources, which have no build, they are made now. */
async function readFiles(): Promise<PageFiles> {
  if (import.meta.url.endsWith(".ts")) {
    const { bundlePage } = await import("./bundle-page.ts");
    return bundlePage();
  }
  const read = (name: string) => readFile(join(packageFolder(), "dist/lib/dashboard/assets", name), "utf8");
  try {
    const [html, js, css] = await Promise.all([read("index.html"), read("page.js"), read("page.css")]);
    return { "index.html": html, "page.js": js, "page.css": css };
  } catch (cause) {
    throw new BusError(
      "unavailable",
      "this copy of wagglebus does not have its page; run the server from the package",
      {
        cause,
        retryable: false,
      },
    );
  }
}

/** Throws where this module is part of a bundle that no package has. */
function packageFolder(): string {
  const file = findPackageJSON(import.meta.url);
  if (file === undefined) throw new Error("no package.json was found");
  return dirname(file);
}

function toPage(files: PageFiles): Page {
  const script = asset(files["page.js"], "text/javascript; charset=utf-8");
  const style = asset(files["page.css"], "text/css; charset=utf-8");
  const scriptPath = `/assets/page-${digest(script)}.js`;
  const stylePath = `/assets/page-${digest(style)}.css`;
  const html = files["index.html"].replace("/page.js", scriptPath).replace("/page.css", stylePath);
  return {
    document: asset(html, "text/html; charset=utf-8"),
    assets: new Map([
      [scriptPath, script],
      [stylePath, style],
    ]),
  };
}

function asset(text: string, contentType: string): PageAsset {
  const body = new TextEncoder().encode(text);
  return { contentType, body, gzipped: new Uint8Array(gzipSync(body, { level: 9 })) };
}

function digest({ body }: PageAsset): string {
  return createHash("sha256").update(body).digest("hex").slice(0, 16);
}
