import { request as httpRequest, type RequestOptions } from "node:http";
import { request as httpsRequest } from "node:https";
import type { LookupFunction } from "node:net";
import { checkLiteral } from "./address.ts";

/** What a receiver answered; its body is not read. */
export interface WebhookAnswer {
  readonly status: number;
  readonly retryAfter: string | undefined;
}

/** One message to a receiver. */
export interface WebhookMessage {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Ends it. */
  readonly signal: AbortSignal;
  /** Absent where any address may be connected to; see {@link publicLookup}. */
  readonly lookup: LookupFunction | undefined;
}

/** The most bytes of an answer's headers. */
const headerLimit = 16_384;

/**
 * Sends a message on a connection of its own, and gives the status as soon as the headers of the answer are there. A redirect is an
 * answer like any other: it is not followed.
 */
export async function post({ url, headers, body, signal, lookup }: WebhookMessage): Promise<WebhookAnswer> {
  // A literal address is connected to without a lookup.
  if (lookup !== undefined) checkLiteral(url.hostname);
  const options: RequestOptions = {
    method: "POST",
    headers: { ...headers, "content-length": String(Buffer.byteLength(body)) },
    signal,
    agent: false,
    maxHeaderSize: headerLimit,
    ...(lookup === undefined ? {} : { lookup }),
  };
  return new Promise((resolve, reject) => {
    const request = (url.protocol === "https:" ? httpsRequest : httpRequest)(url, options, (response) => {
      resolve({ status: response.statusCode ?? 0, retryAfter: response.headers["retry-after"] });
      response.destroy();
    });
    request.on("error", reject);
    request.end(body);
  });
}

const seconds = /^\d{1,9}$/;

/** Milliseconds that a `Retry-After` asks for, from a time in milliseconds on; `undefined` for what is none. */
export function retryAfterMs(header: string | undefined, now: number): number | undefined {
  const text = header?.trim() ?? "";
  if (seconds.test(text)) return Number(text) * 1_000;
  // A date of HTTP; Date.parse alone would take "5.5" for a day in May.
  const date = /GMT$/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
