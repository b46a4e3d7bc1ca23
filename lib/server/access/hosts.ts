import { isIP } from "node:net";
import { Refusal } from "../http/refusal.ts";

/** By what names and from what pages a server may be reached. */
export interface HostRules {
  /** Names besides `localhost` and IP addresses, in lower case, without a port. */
  readonly hosts: readonly string[];
  /** Origins of pages that may call it, such as `https://app.example.com`; `*` for all. */
  readonly origins: readonly string[];
}

/**
 * Refuses a request by another name than the server's. A page of an attacker can make its own DNS name mean this machine (DNS
 * rebinding), and then its requests are same-origin to the browser: but they carry that name. An address is no name that
 * somebody else controls.
 */
export function checkHost(request: Request, { hosts }: HostRules): void {
  const host = request.headers.get("host") ?? new URL(request.url).host;
  const name = hostName(host);
  if (name !== undefined && (name === "localhost" || isIP(name) !== 0 || hosts.includes(name))) return;
  throw new Refusal(
    "misdirected",
    `this server is not called ${JSON.stringify(host.slice(0, 80))}; use its address or localhost, or start it with --allow-host`,
  );
}

/**
 * Refuses a request that a page of another origin sends, unless the origin is listed. Returns the origin to answer to with
 * CORS headers, or `undefined` where the request is of no page, or of the server's own.
 */
export function checkOrigin(request: Request, { origins }: HostRules): string | undefined {
  const origin = request.headers.get("origin");
  if (origin === null) {
    // A page can send some requests without saying from where; browsers say at least that it is another.
    const site = request.headers.get("sec-fetch-site");
    if (site === null || site === "same-origin" || site === "none" || origins.includes("*")) return undefined;
    throw new Refusal("forbidden", `a page of another site may not send this request (sec-fetch-site: ${site})`);
  }
  if (origins.includes("*") || origins.includes(origin)) return origin;
  const host = request.headers.get("host");
  if (host !== null && (origin === `http://${host}` || origin === `https://${host}`)) return undefined;
  throw new Refusal(
    "forbidden",
    `pages of ${JSON.stringify(origin.slice(0, 80))} may not call this server; start it with --cors and the origin`,
  );
}

/** The name or address of a `Host` header without its port; `undefined` where it is malformed. */
function hostName(host: string): string | undefined {
  const [, bracketed, plain] = /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9._-]+))(?::\d{1,5})?$/.exec(host) ?? [];
  return (bracketed ?? plain)?.toLowerCase().replace(/\.$/, "");
}
