/** A request, and the status and code by which it is refused. */
export interface Hostile {
  readonly name: string;
  /** Default GET, or POST where there is a body. */
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Record<string, string>;
  readonly body?: unknown;
  /** By whose token, on the server that needs one; default: without, on loopback. */
  readonly as?: Holder;
  /** Bytes to send as they are instead. `HOST` stands for the host of the server. */
  readonly raw?: string;
  /** It goes to a server that gives up soon. */
  readonly neverEnds?: boolean;
  readonly status: number;
  readonly code: string;
}

/** Whose token a request has. */
export type Holder = "nobody" | "publisher" | "subscriber" | "operator" | "expired";
