import type { TestProject } from "vitest/node";
import { PostgresServer } from "./server.ts";

declare module "vitest" {
  export interface ProvidedContext {
    /** A database of the server that the files of a run share. */
    postgresUrl: string;
  }
}

/** vitest's global set-up: one server for a run. */
export default async function startServer(project: TestProject): Promise<() => Promise<void>> {
  const server = await PostgresServer.start(["max_connections=200"]);
  project.provide("postgresUrl", server.url);
  return () => server.stop();
}
