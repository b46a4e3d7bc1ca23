import { once } from "node:events";
import { createServer } from "node:http";
import { build } from "esbuild";

/** A page at an origin of its own. */
export interface PageServer {
  readonly origin: string;
  close(): Promise<void>;
}

const here = new URL(".", import.meta.url).pathname;
const client = new URL("../../lib/browser/index.ts", import.meta.url).pathname;

/** Serves a page that runs a script, bundled as an app would be, `wagglebus/browser` from this checkout. */
export async function servePage(script: string): Promise<PageServer> {
  const { outputFiles } = await build({
    stdin: { contents: script, loader: "jsx", resolveDir: here },
    alias: { "wagglebus/browser": client },
    define: { "process.env.NODE_ENV": '"production"' },
    bundle: true,
    platform: "browser",
    format: "esm",
    write: false,
  });
  const html =
    '<!doctype html><meta charset="utf-8"><title>test</title><body><script type="module" src="/app.js"></script>';
  const server = createServer((request, response) => {
    const isScript = request.url === "/app.js";
    response.setHeader("content-type", isScript ? "text/javascript; charset=utf-8" : "text/html; charset=utf-8");
    response.end(isScript ? outputFiles[0]?.text : html);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (!(address instanceof Object)) throw new Error("a TCP server has an address and a port");
  return {
    // Another origin than the bus has, by its name too.
    origin: `http://localhost:${address.port}`,
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}
