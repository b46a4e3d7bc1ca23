import { once } from "node:events";
import { createServer, request as send } from "node:http";

/** A balancer on loopback that knows no sessions: each request goes to the next server. */
export async function roundRobin(urls: readonly string[]): Promise<{ readonly url: string; close(): Promise<void> }> {
  let next = 0;
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", urls[next % urls.length]);
    next += 1;
    const { host: _, ...headers } = request.headers;
    const passedOn = send(url, { method: request.method ?? "GET", headers, agent: false }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      response.flushHeaders();
      answer.pipe(response);
      answer.on("error", () => response.destroy());
    });
    passedOn.on("error", () => response.destroy());
    response.on("close", () => passedOn.destroy());
    request.pipe(passedOn);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  return {
    url: `http://127.0.0.1:${address instanceof Object ? address.port : 0}`,
    close: async () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
