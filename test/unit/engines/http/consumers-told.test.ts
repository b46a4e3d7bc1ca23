import { once } from "node:events";
import { createServer, request } from "node:http";
import { expect, onTestFinished, test } from "vitest";
import { connect } from "wagglebus";
import { serve } from "../../server/serve.ts";

/** Passes requests on to a server, but for those that open a session: they wait until they are let through. */
async function withoutSessions(target: string) {
  const gate = Promise.withResolvers<void>();
  const proxy = createServer((from, answer) => {
    const url = new URL(from.url ?? "/", target);
    const pass = () => {
      const to = request(url, { method: from.method, headers: from.headers }, (got) => {
        answer.writeHead(got.statusCode ?? 0, got.headers);
        got.pipe(answer);
      });
      answer.on("close", () => to.destroy());
      to.on("error", () => answer.destroy());
      from.pipe(to);
    };
    if (url.pathname === "/v1/engine/sessions") void gate.promise.then(pass);
    else pass();
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  onTestFinished(() => {
    proxy.closeAllConnections();
    proxy.close();
  });
  const address = proxy.address();
  const port = address instanceof Object ? address.port : 0;
  return { url: `http://127.0.0.1:${port}`, letThrough: () => gate.resolve() };
}

// `subscribe` resolved before the server was told. Asked for a flow then, it said that nobody handled the subscription, and
// `settled` warned of it.
test("a flow is asked for once the server knows what is consumed here", async () => {
  const server = await serve();
  const { url, letThrough } = await withoutSessions(server.url);
  await using bus = await connect({ engine: "http", url, source: "test", logLevel: "silent", grace: 1 });
  await bus.subscribe({ name: "readers", on: "custom.a" }, () => {});
  const { id } = await server.bus.publish({ type: "custom.a", data: {} }, { delay: "1h" });
  const flow = bus.history.flow(id);
  // What was sent before has reached the server when it has answered these, one after the other.
  for (let asked = 0; asked < 3; asked += 1) await (await fetch(`${url}/healthz`)).text();
  letThrough();
  const { pending } = await flow;
  expect(pending).toMatchObject([{ subscription: "readers", state: "delayed" }]);
  expect(pending[0]).not.toHaveProperty("handled");
});
