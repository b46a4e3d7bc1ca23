// The public entry `wagglebus/server`: the HTTP server of `waggle serve`, for a program that serves a bus by itself.
export type { EmbeddedServer, ListeningAt, ServerOptions } from "./server/assemble.ts";
export { createServer, type ServeOptions } from "./server/create-server.ts";
