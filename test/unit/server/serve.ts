import { onTestFinished } from "vitest";
import { type ConnectOptions, openBusOnEngine } from "../../../lib/connect/index.ts";
import { type ServerOptions, startServer } from "../../../lib/server/index.ts";
import type { AnyEvents } from "../../../lib/server/served-bus.ts";

/** An answer as a test looks at it. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: a test asserts what it expects of the JSON.
  readonly json: any;
}

/** Serves a bus on a free port of loopback until the test has finished. */
export async function serve(options: ServerOptions = {}, busOptions: ConnectOptions<AnyEvents> = {}) {
  const served = await openBusOnEngine<AnyEvents>({
    engine: "memory",
    source: "test",
    grace: 1,
    logLevel: "silent",
    ...busOptions,
  });
  const server = await startServer(served, { port: 0, ...options });
  onTestFinished(async () => {
    await server.close();
    await served.bus.close();
  });
  const url = `http://127.0.0.1:${server.port}`;
  const request = async (method: string, path: string, init: RequestInit = {}): Promise<Answer> => {
    const response = await fetch(url + path, { method, ...init });
    const text = await response.text();
    const isJson = /[/+]json/.test(response.headers.get("content-type") ?? "");
    return { status: response.status, headers: response.headers, text, json: isJson ? JSON.parse(text) : undefined };
  };
  return {
    ...served,
    server,
    url,
    request,
    get: (path: string, headers: Record<string, string> = {}) => request("GET", path, { headers }),
    /** Sends a value as JSON. */
    send: (method: string, path: string, body: unknown, headers: Record<string, string> = {}) =>
      request(method, path, {
        body: JSON.stringify(body),
        headers: { "content-type": "application/json", ...headers },
      }),
    /** Sends a text as it is. */
    post: (path: string, contentType: string, body: string, headers: Record<string, string> = {}) =>
      request("POST", path, { body, headers: { "content-type": contentType, ...headers } }),
  };
}
