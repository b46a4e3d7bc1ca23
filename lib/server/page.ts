import type { Context, Hono } from "hono";
import { loadPage, type PageAsset, pageHeaders } from "../dashboard/load-page.ts";
import { pagePaths } from "../dashboard/page-paths.ts";
import { BusError } from "../error/bus-error.ts";

/** The paths of the page's views, with whatever stands for a parameter. */
const viewPath = new RegExp(`^(${pagePaths.map((path) => path.replace(/\{\w+\}/g, "[^/]+")).join("|")})$`);

/**
 * Adds the page: the same document at each of its paths, and what that loads. It holds nothing of the bus, so that everybody who may connect gets it;
 * what it shows it asks for like any client, with a token where one is needed.
 */
export function addPage(app: Hono): void {
  for (const path of pagePaths) {
    app.get(honoPath(path), async (context) => {
      const { document } = await loadPage();
      return answer(context, document, { ...pageHeaders, "cache-control": "no-cache" });
    });
  }
  app.get("/assets/:name", async (context) => {
    const { path } = context.req;
    const found = (await loadPage()).assets.get(path);
    if (found === undefined) throw new BusError("not_found", `there is nothing at ${path.slice(0, 200)}`);
    return answer(context, found, { ...pageHeaders, "cache-control": "public, max-age=31536000, immutable" });
  });
}

/** Whether the page answers GET at a path. */
export function isPagePath(path: string): boolean {
  return viewPath.test(path);
}

/**
 * Whether a browser opens a document with a request. A link to the page may stand in a mail or a chat: opened from there it comes from another
 * site, and gives that site nothing.
 */
export function opensDocument(request: Request): boolean {
  const { headers, method } = request;
  return (
    method === "GET" && headers.get("sec-fetch-mode") === "navigate" && headers.get("sec-fetch-dest") === "document"
  );
}

/** `/v1/events/{id}` as Hono writes it. */
export function honoPath(path: string): string {
  return path.replace(/\{(\w+)\}/g, ":$1");
}

function answer(
  context: Context,
  { body, contentType, gzipped }: PageAsset,
  headers: Record<string, string>,
): Response {
  const compressed = acceptsGzip(context.req.header("accept-encoding") ?? "");
  return new Response(compressed ? gzipped : body, {
    headers: {
      ...headers,
      "content-type": contentType,
      vary: "accept-encoding",
      ...(compressed ? { "content-encoding": "gzip" } : {}),
    },
  });
}

/** Whether an `Accept-Encoding` takes gzip: by its own weight where it is named, else by that of `*`. */
function acceptsGzip(header: string): boolean {
  const weights = new Map<string, number>();
  for (const part of header.toLowerCase().split(",")) {
    const [coding = "", ...parameters] = part.split(";").map((one) => one.trim());
    const weight = parameters.find((one) => one.startsWith("q="))?.slice(2);
    weights.set(coding === "x-gzip" ? "gzip" : coding, weight === undefined ? 1 : Number(weight));
  }
  // A value that is not a number is not greater.
  return (weights.get("gzip") ?? weights.get("*") ?? 0) > 0;
}
