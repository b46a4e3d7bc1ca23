import { once } from "node:events";
import type { Readable } from "node:stream";
import { serveStdio } from "@modelcontextprotocol/server/stdio";
import { createMcpServer, type McpServerOptions } from "./server.ts";

/** Serves over stdin and stdout of this process until the client closes its end, or a signal fires. */
export async function serveMcpOverStdio(
  options: McpServerOptions,
  { stdin, signal, onError }: { stdin: Readable; signal: AbortSignal; onError: (error: Error) => void },
): Promise<void> {
  const ended = new AbortController();
  stdin.once("end", () => ended.abort());
  stdin.once("close", () => ended.abort());
  const end = AbortSignal.any([signal, ended.signal]);
  const handle = serveStdio(() => createMcpServer(options), { onerror: onError });
  if (!end.aborted) await once(end, "abort");
  await handle.close();
}
