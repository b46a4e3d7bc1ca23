import { once } from "node:events";
import { createServer, type IncomingHttpHeaders } from "node:http";
import { text } from "node:stream/consumers";
import { onTestFinished } from "vitest";
import type { Event } from "../../../lib/index.ts";

/** A message as its receiver got it. */
export interface ReceivedWebhook {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly event: Event;
}

/** How a receiver answers; `undefined`: never. */
export type Answer = { readonly status: number; readonly headers?: Record<string, string> } | undefined;

/** A receiver of webhooks on loopback, until the test has finished. */
export async function receiver(answer: (message: ReceivedWebhook) => Answer = () => ({ status: 204 })) {
  const queue: ReceivedWebhook[] = [];
  const waiting: ((message: ReceivedWebhook) => void)[] = [];
  let count = 0;
  const server = createServer(async (request, response) => {
    const body = await text(request);
    const message = { headers: request.headers, body, event: JSON.parse(body) };
    count += 1;
    const answered = answer(message);
    if (answered !== undefined) response.writeHead(answered.status, answered.headers).end("ignored");
    const next = waiting.shift();
    if (next === undefined) queue.push(message);
    else next(message);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const address = server.address();
  const port = address instanceof Object ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}/hook?key=secret`,
    port,
    /** How many messages have come. */
    count: () => count,
    next: (): Promise<ReceivedWebhook> => {
      const first = queue.shift();
      return first === undefined ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve(first);
    },
  };
}
