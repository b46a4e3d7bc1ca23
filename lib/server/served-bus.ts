import type { OpenedBus } from "../connect/index.ts";

/** The events of any catalog: a server knows its types only at run time. */
export type AnyEvents = Record<string, unknown>;

/** The bus that a server serves, with the ports of its engine, whichever that is. */
export type ServedBus = OpenedBus<AnyEvents>;
