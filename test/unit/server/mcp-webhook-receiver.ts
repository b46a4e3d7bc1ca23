import { once } from "node:events";
import { createServer, type IncomingHttpHeaders } from "node:http";
import { text } from "node:stream/consumers";
import { Webhook } from "standardwebhooks";
import { onTestFinished } from "vitest";

// biome-ignore lint/suspicious/noExplicitAny: a test asserts what it expects of the JSON.
type Json = any;

/** A message as the receiver got it, its signature checked. */
export interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: Json;
}

/** How the receiver answers: with a status, or with a status and a body. */
export type Answer = number | { readonly status: number; readonly body: string };

export const secret = `whsec_${Buffer.alloc(32, 1).toString("base64")}`;

/** The answer of a receiver that wants what it is sent. */
export const willing = ({ body }: Received): Answer =>
  body.type === "verification" ? { status: 200, body: JSON.stringify({ challenge: body.challenge }) } : 204;

/** A receiver of MCP events on loopback until the test has finished. It fails a message whose signature is wrong. */
export async function eventReceiver(answer: (message: Received) => Answer | Promise<Answer> = willing, port = 0) {
  const got: Received[] = [];
  const waiting: (() => void)[] = [];
  const server = createServer(async (request, response) => {
    const raw = await text(request);
    const message = { headers: request.headers, body: JSON.parse(raw) };
    let answered: Answer = 401;
    try {
      new Webhook(secret).verify(raw, request.headers as Record<string, string>);
      got.push(message);
      for (const wake of waiting.splice(0)) wake();
      answered = await answer(message);
    } catch {
      // The signature is wrong.
    } finally {
      const { status, body } = typeof answered === "number" ? { status: answered, body: "" } : answered;
      response.writeHead(status).end(body);
    }
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const address = server.address();
  return {
    url: `http://127.0.0.1:${address instanceof Object ? address.port : 0}/events?key=hidden`,
    got,
    /** The events among what was got, each as often as it came. */
    events: () => got.filter(({ body }) => body.eventId !== undefined),
    /** Resolves once what was got is as wanted. */
    until: async (isThere: () => boolean) => {
      while (!isThere()) await new Promise<void>((resolve) => waiting.push(resolve));
    },
  };
}
