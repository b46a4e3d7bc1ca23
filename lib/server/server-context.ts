import type { TokenFile } from "./access/token-file.ts";
import type { ServedBus } from "./served-bus.ts";
import type { ServerSettings } from "./settings.ts";

/** What the routes of a server share. */
export interface Server {
  readonly served: ServedBus;
  readonly settings: ServerSettings;
  readonly tokens: TokenFile | undefined;
  /** Fires when the server ends: who waits is answered, streams end. */
  readonly closing: AbortSignal;
}
