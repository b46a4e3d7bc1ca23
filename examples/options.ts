import type { ConnectOptions } from "wagglebus";

/** Where the bus of an example is: `{ engine: "memory" }`, `{ engine: "embedded", file }` or `{ engine: "http", url }`, for example. */
export type Where = Pick<ConnectOptions, "engine" | "file" | "url">;

/** Where an example says what happens. */
export type Print = (line: string) => void;
