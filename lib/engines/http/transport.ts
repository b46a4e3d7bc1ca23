import * as z from "zod";
import { BusError, readErrorCode } from "../../error/bus-error.ts";
import { messageOf } from "../../error/message-of.ts";
import type { Clock } from "../../runtime/clock.ts";

/** Where a server is, and how to get there. */
export interface TransportOptions {
  /** As `http://127.0.0.1:4600`. */
  readonly url: string;
  readonly token: string | undefined;
  readonly clock: Clock;
  readonly random: () => number;
}

/** How a call is made. */
export interface CallOptions {
  /** Whether it may be sent again where it is not known if it arrived. Default true. */
  readonly repeatable?: boolean;
  readonly method?: "GET" | "POST" | "DELETE";
  /** The body as JSON, where the caller has it already. */
  readonly text?: string;
}

/** Milliseconds for which a server that is away is asked again, since it may be restarted. */
const retryForMs = 10_000;

const problem = z.object({
  code: z.string(),
  detail: z.string(),
  retryable: z.boolean(),
  details: z.record(z.string(), z.unknown()),
});

/** Calls the routes of a server. What fails is a `BusError` with the code that the server gave, or `unavailable`. */
export class Transport {
  readonly #options: TransportOptions;
  readonly #closing = new AbortController();

  constructor(options: TransportOptions) {
    this.#options = options;
  }

  get url(): string {
    return this.#options.url;
  }

  /** Sends a value as JSON, and parses the answer. */
  async call<Result>(
    path: string,
    result: z.ZodType<Result>,
    body?: unknown,
    options: CallOptions = {},
  ): Promise<Result> {
    const { text: given = body === undefined ? undefined : JSON.stringify(body), repeatable = true } = options;
    const { method = given === undefined ? "GET" : "POST" } = options;
    const init: RequestInit = {
      method,
      headers: this.#headers(given !== undefined),
      ...(given === undefined ? {} : { body: given }),
    };
    const response = await this.#send(path, init, repeatable);
    const text = response.status === 204 ? "null" : await this.#read(response, path);
    const parsed = result.safeParse(parseJson(text));
    if (parsed.success) return parsed.data;
    throw new BusError(
      "unavailable",
      `${this.#options.url}${path} answered what this version does not understand; is it waggle serve?`,
      {
        cause: parsed.error,
        retryable: false,
      },
    );
  }

  /** Opens a stream. Rejects as a call does, but tries once only. */
  async stream(path: string, lastId: string, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    const headers = {
      ...this.#headers(false),
      accept: "text/event-stream",
      ...(lastId === "" ? {} : { "last-event-id": lastId }),
    };
    const response = await this.#fetch(path, { headers, signal });
    if (response.body === null) throw new BusError("unavailable", `${path} has no stream`);
    return response.body;
  }

  /** Gives up what is tried again. */
  close(): void {
    this.#closing.abort();
  }

  #headers(hasBody: boolean): Record<string, string> {
    const { token } = this.#options;
    return {
      ...(hasBody ? { "content-type": "application/json" } : {}),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    };
  }

  async #send(path: string, init: RequestInit, repeatable: boolean): Promise<Response> {
    const { clock, random } = this.#options;
    const until = clock.now() + retryForMs;
    for (let delayMs = 20; ; delayMs = Math.min(delayMs * 2, 500)) {
      try {
        return await this.#fetch(path, init);
      } catch (thrown) {
        const again = thrown instanceof Unreachable && (repeatable || thrown.refused);
        if (!again || clock.now() >= until || this.#closing.signal.aborted) throw thrown;
        await this.#pause(delayMs * (0.5 + random() / 2));
      }
    }
  }

  async #fetch(path: string, init: RequestInit): Promise<Response> {
    let response: Response;
    try {
      response = await fetch(this.#options.url + path, init);
    } catch (thrown) {
      throw new Unreachable(this.#options.url, thrown);
    }
    if (response.ok) return response;
    throw errorOf(response.status, await this.#read(response, path), this.#options.url + path);
  }

  async #read(response: Response, path: string): Promise<string> {
    try {
      return await response.text();
    } catch (thrown) {
      throw new Unreachable(this.#options.url + path, thrown);
    }
  }

  #pause(ms: number): Promise<void> {
    const { clock } = this.#options;
    return new Promise((resolve) => {
      const timer = clock.setTimer(resolve, ms, { keepAlive: true });
      this.#closing.signal.addEventListener(
        "abort",
        () => {
          clock.clearTimer(timer);
          resolve();
        },
        { once: true },
      );
    });
  }
}

/** The server was not reached, or the connection broke. */
class Unreachable extends BusError {
  /** Whether it is certain that nothing arrived. */
  readonly refused: boolean;

  constructor(url: string, cause: unknown) {
    const reason: unknown = Object(cause).cause ?? cause;
    super("unavailable", `the server ${url} cannot be reached: ${messageOf(reason)}`, { cause });
    this.refused = Object(reason).code === "ECONNREFUSED";
  }
}

function errorOf(status: number, text: string, url: string): BusError {
  const parsed = problem.safeParse(parseJson(text));
  if (!parsed.success)
    return new BusError("unavailable", `${url} answered with status ${status}; is it waggle serve?`, {
      retryable: status >= 500,
    });
  const { code, detail, retryable, details } = parsed.data;
  return new BusError(readErrorCode(code), detail, { retryable, details });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
