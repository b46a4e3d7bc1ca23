// The public entry `wagglebus/server`: the HTTP server of `waggle serve`, for a program that serves a bus by itself.
export { createServer, type EmbeddedServer, type ServeOptions } from "./server/create-server.ts";
