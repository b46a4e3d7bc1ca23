import { once } from "node:events";
import { createServer as createHttpServer, type Server as HttpServer, type ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { getRequestListener } from "@hono/node-server";
import type { Hono } from "hono";
import { BusError } from "../error/bus-error.ts";
import { messageOf } from "../error/message-of.ts";
import type { Clock, Timer } from "../runtime/clock.ts";
import { problemResponse, problemType, toAnswerable, toProblem } from "./http/problem.ts";
import { Refusal } from "./http/refusal.ts";
import type { Server } from "./server-context.ts";
import type { ServerSettings } from "./settings.ts";

/** A server that listens. */
export interface Listening {
  /** Where it listens, as `http://127.0.0.1:4600`. */
  readonly url: string;
  readonly port: number;
  /**
   * Takes no new connections, resolves once the requests under way are answered. What waits is answered at once, since the
   * server's `closing` has fired; what is left after `graceMs` is cut off.
   */
  close(graceMs: number): Promise<void>;
}

/** Listens with the app of a server. Rejects with `invalid_config` where the address cannot be had. */
export async function listen(server: Server, app: Pick<Hono, "fetch">): Promise<Listening> {
  const { settings } = server;
  const answer = getRequestListener(app.fetch, { overrideGlobalObjects: false, errorHandler: refuseUnreadable });
  const http = createHttpServer(
    {
      maxHeaderSize: settings.headerLimit,
      headersTimeout: settings.headersTimeoutMs,
      requestTimeout: settings.requestTimeoutMs,
      keepAliveTimeout: settings.idleTimeoutMs,
      connectionsCheckingInterval: Math.min(1_000, settings.headersTimeoutMs),
    },
    (request, response) => {
      // HTTP/1.0 knows no Host, and no browser speaks it: so no page's DNS name is hidden by this.
      if (request.httpVersion === "1.0") request.headers.host ??= "localhost";
      return answer(request, response);
    },
  );
  http.maxConnections = settings.maxConnections;
  http.on("clientError", refuseMalformed);
  cutSlowReaders(http, settings, server.served.clock);
  // A connection is kept alive after its answer; once nobody listens any more, it has no use.
  http.on("request", (_, response) => {
    response.once("close", () => {
      if (!http.listening) setImmediate(() => http.closeIdleConnections());
    });
  });
  await bind(http, settings);
  const address = http.address();
  const port = address instanceof Object ? address.port : settings.port;
  return {
    port,
    url: `http://${settings.host.includes(":") ? `[${settings.host.replace(/[[\]]/g, "")}]` : settings.host}:${port}`,
    close: (graceMs) => close(http, graceMs),
  };
}

async function bind(http: HttpServer, { host, port }: ServerSettings): Promise<void> {
  http.listen(port, host.replace(/[[\]]/g, ""));
  try {
    await once(http, "listening");
  } catch (thrown) {
    const taken = thrown instanceof Error && "code" in thrown && thrown.code === "EADDRINUSE";
    throw new BusError(
      "invalid_config",
      taken
        ? `port ${port} of ${host} is in use; stop what listens there, or choose another with --port`
        : `cannot listen on ${host}:${port}: ${messageOf(thrown)}`,
      { cause: thrown },
    );
  }
}

/** A request of whose host and path no URL can be made never reaches the app. */
function refuseUnreadable(thrown: unknown): Response {
  const unreadable = thrown instanceof Error && thrown.name === "RequestError";
  return problemResponse(
    unreadable ? new BusError("invalid_config", `this is not a request: ${thrown.message}`) : toAnswerable(thrown),
  );
}

/** What node cannot parse never reaches the app. */
function refuseMalformed(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  const [status, refusal] =
    error.code === "HPE_HEADER_OVERFLOW"
      ? ([
          "431 Request Header Fields Too Large",
          new Refusal("request_too_large", "the headers are larger than this server takes"),
        ] as const)
      : error.code === "ERR_HTTP_REQUEST_TIMEOUT"
        ? (["408 Request Timeout", new BusError("timeout", "the request did not come in time")] as const)
        : (["400 Bad Request", new BusError("invalid_config", "this is not a well-formed HTTP/1.1 request")] as const);
  const body = JSON.stringify({ ...toProblem(refusal), status: Number(status.slice(0, 3)) });
  socket.end(
    `HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-type: ${problemType}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}

/**
 * Cuts clients off that do not read what they are sent: a buffer of theirs has not become empty for the whole of `slowReaderMs`.
 * A stream is resumed where it was; any other request is sent again.
 */
function cutSlowReaders(http: HttpServer, { slowReaderMs }: ServerSettings, clock: Clock): void {
  const blocked = new Map<ServerResponse, boolean>();
  http.on("request", (_, response) => {
    blocked.set(response, false);
    response.on("drain", () => blocked.set(response, false));
    response.once("close", () => blocked.delete(response));
  });
  let timer: Timer;
  const check = () => {
    timer = clock.setTimer(check, slowReaderMs);
    for (const [response, before] of blocked) {
      if (before && response.writableNeedDrain) response.destroy();
      else blocked.set(response, response.writableNeedDrain);
    }
  };
  timer = clock.setTimer(check, slowReaderMs);
  http.once("close", () => clock.clearTimer(timer));
}

async function close(http: HttpServer, graceMs: number): Promise<void> {
  const closed = once(http, "close");
  http.close();
  http.closeIdleConnections();
  const timer = setTimeout(() => http.closeAllConnections(), graceMs);
  await closed;
  clearTimeout(timer);
}
