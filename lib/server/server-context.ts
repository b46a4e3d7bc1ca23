import type { LogReader } from "../history/log-reader.ts";
import type { TokenFile } from "./access/token-file.ts";
import type { ServedBus } from "./served-bus.ts";
import type { ServerSettings } from "./settings.ts";
import type { Cursors } from "./streams/cursors.ts";

/** What the routes of a server share. */
export interface Server {
  readonly served: ServedBus;
  readonly settings: ServerSettings;
  readonly tokens: TokenFile | undefined;
  /** Reads the log for all streams: those at the same place share a read. */
  readonly reader: LogReader;
  readonly cursors: Cursors;
  /** Fires when the server ends: who waits is answered, streams end. */
  readonly closing: AbortSignal;
}
