import { join } from "node:path";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { onTestFinished } from "vitest";
import type { Grant } from "../../../lib/server/access/grant.ts";
import { TokenFile } from "../../../lib/server/access/token-file.ts";
import { createToken } from "../../../lib/server/access/tokens.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

/** What a tool has answered. */
export interface ToolAnswer {
  readonly isError: boolean;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: a test asserts what it expects of the JSON.
  readonly json: any;
}

/** Calls a tool, and reads what it answers. */
export async function callTool(client: Client, name: string, input: Record<string, unknown> = {}): Promise<ToolAnswer> {
  const { content, isError } = await client.callTool({ name, arguments: input });
  const [first] = Array.isArray(content) ? content : [];
  const text = String(Object(first).text);
  return { isError: isError === true, text, json: text.startsWith("{") ? JSON.parse(text) : undefined };
}

/** A client of the MCP endpoint of a server, until the test has finished. */
export async function connectTo(url: string, token?: string): Promise<Client> {
  const client = new Client({ name: "test", version: "1" });
  const requestInit = token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } };
  await client.connect(new StreamableHTTPClientTransport(new URL("/v1/mcp", url), { requestInit }));
  onTestFinished(() => client.close());
  return client;
}

/** A file of tokens until the test has finished, and a way to make one. */
export async function tokenFile() {
  const { path, remove } = await temporaryDirectory();
  onTestFinished(remove);
  const file = new TokenFile(join(path, "tokens.json"));
  return {
    tokenFile: file.path,
    token: async (grant: Grant): Promise<string> => {
      const { text, stored } = createToken(grant, { now: Date.now(), expiresAt: Date.now() + 3_600_000 });
      await file.add(stored, 0);
      return text;
    },
    /** Revokes all of them. */
    revoke: async (): Promise<void> => {
      for (const { id } of await file.list()) await file.remove(id);
    },
  };
}
