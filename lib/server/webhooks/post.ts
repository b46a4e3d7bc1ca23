import { request as httpRequest, type IncomingMessage, type RequestOptions } from "node:http";
import { request as httpsRequest } from "node:https";
import type { LookupFunction } from "node:net";
import { checkLiteral } from "./address.ts";

/** What a receiver answered. */
export interface WebhookAnswer {
  readonly status: number;
  readonly retryAfter: string | undefined;
  /** Its first bytes, as many as were asked for; empty where none were. */
  readonly body: string;
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
  /** The most bytes of the answer's body that are read. Default 0: it is not waited for. */
  readonly answerLimit?: number;
}

/** The most bytes of an answer's headers. */
const headerLimit = 16_384;

/**
 * Sends a message on a connection of its own, and gives the answer: its headers, and what is asked for of its body. A redirect is an
 * answer like any other: it is not followed.
 */
export async function post(message: WebhookMessage): Promise<WebhookAnswer> {
  const { url, headers, body, signal, lookup, answerLimit = 0 } = message;
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
      const head = { status: response.statusCode ?? 0, retryAfter: response.headers["retry-after"] };
      firstBytes(response, answerLimit).then((text) => resolve({ ...head, body: text }), reject);
    });
    request.on("error", reject);
    request.end(body);
  });
}

async function firstBytes(response: IncomingMessage, limit: number): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  if (limit > 0) {
    for await (const chunk of response) {
      chunks.push(chunk);
      length += chunk.length;
      if (length >= limit) break;
    }
  }
  response.destroy();
  return Buffer.concat(chunks).subarray(0, limit).toString();
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
