import { createServer, type IncomingHttpHeaders } from "node:http";
import { text } from "node:stream/consumers";

/** What an operation of a stubbed service does: its input in, its output out, or an {@link ServiceError} thrown. */
export type Operations = Readonly<
  Record<string, (input: Readonly<Record<string, unknown>>, signal: AbortSignal) => object | Promise<object>>
>;

/** How a service of AWS refuses. */
export class ServiceError extends Error {
  readonly status: number;
  /** What the answer has beside its type and message. */
  readonly details: object;

  constructor(name: string, status = 400, details: object = {}) {
    super(`the stub says ${name}`);
    this.name = name;
    this.status = status;
    this.details = details;
  }
}

/** A request as it came. */
export interface StubbedRequest {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/**
 * Any service of AWS that speaks JSON, as far as its operations are given, on a free loopback port. `received` sees each
 * request before it is answered; what it throws is the answer.
 */
export async function startJsonStub(
  operations: Operations,
  received: (request: StubbedRequest) => void = () => {},
): Promise<{ url: string; close(): Promise<void> }> {
  const server = createServer((request, response) => {
    const operation = String(request.headers["x-amz-target"]).replace(/^.*\./, "");
    const gone = new AbortController();
    response.on("close", () => gone.abort());
    const send = (status: number, body: object) => {
      const answer = JSON.stringify(body);
      response.writeHead(status, {
        "content-type": "application/x-amz-json-1.1",
        "content-length": Buffer.byteLength(answer),
      });
      response.end(answer);
    };
    text(request)
      .then(async (body) => {
        received({ path: request.url ?? "/", headers: request.headers, body });
        const act = operations[operation];
        if (act === undefined) throw new ServiceError(`UnknownOperation.${operation}`);
        send(200, await act(Object(JSON.parse(body)), gone.signal));
      })
      .catch((thrown: unknown) => {
        const { name, message } = thrown instanceof Error ? thrown : new Error(String(thrown));
        const { status, details } = thrown instanceof ServiceError ? thrown : { status: 500, details: {} };
        send(status, { __type: name, message, ...details });
      });
  });
  server.listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the stub has no port");
  return {
    url: `http://127.0.0.1:${address.port}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
