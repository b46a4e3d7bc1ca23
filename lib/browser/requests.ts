import { BusError, readErrorCode } from "../error/bus-error.ts";
import { messageOf } from "../error/message-of.ts";

/** Where a server is, and how to get there. */
export interface ServerAddress {
  /** As `https://bus.example.com`; empty for the server that the page came from. */
  readonly url: string;
  readonly token: string | undefined;
  readonly fetch: typeof fetch;
}

/** Requests to a server. What fails is a `BusError` with the code that the server gave, or `unavailable`. */
export class Requests {
  readonly #address: ServerAddress;

  constructor(address: ServerAddress) {
    this.#address = address;
  }

  /** Sends a value as JSON where there is one, and gives the answer, which is an object. */
  async json(path: string, signal: AbortSignal | undefined, body?: unknown): Promise<Record<string, unknown>> {
    const response = await this.open(path, {
      ...(signal === undefined ? {} : { signal }),
      ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }),
      headers: body === undefined ? {} : { "content-type": "application/json" },
    });
    const answer = parse(await this.#read(response, signal));
    if (answer !== undefined) return answer;
    throw new BusError("unavailable", `${path} answered what is no JSON object; is it waggle serve?`, {
      retryable: false,
    });
  }

  /** Gives an answer of status 2xx as it begins. */
  async open(path: string, init: RequestInit): Promise<Response> {
    const { fetch: send, token, url } = this.#address;
    const headers = new Headers(init.headers);
    if (token !== undefined) headers.set("authorization", `Bearer ${token}`);
    let response: Response;
    try {
      response = await send(url + path, { ...init, headers });
    } catch (thrown) {
      throw broken(thrown, init.signal ?? undefined);
    }
    if (response.ok) return response;
    throw errorOf(response.status, await this.#read(response, init.signal ?? undefined));
  }

  async #read(response: Response, signal: AbortSignal | undefined): Promise<string> {
    try {
      return await response.text();
    } catch (thrown) {
      throw broken(thrown, signal);
    }
  }
}

function broken(thrown: unknown, signal: AbortSignal | undefined): BusError {
  if (signal?.aborted === true) return new BusError("aborted", "the call was aborted", { cause: thrown });
  return new BusError("unavailable", `the server cannot be reached: ${messageOf(thrown)}`, { cause: thrown });
}

function errorOf(status: number, text: string): BusError {
  const { code, detail, retryable, details } = parse(text) ?? {};
  if (typeof code !== "string" || typeof detail !== "string") {
    const message = `the server answered with status ${status}; is it waggle serve?`;
    return new BusError("unavailable", message, { retryable: status >= 500 });
  }
  return new BusError(readErrorCode(code), detail, {
    retryable: retryable === true,
    details: isObject(details) ? details : {},
  });
}

/** `undefined` for what is no JSON object. */
export function parse(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
