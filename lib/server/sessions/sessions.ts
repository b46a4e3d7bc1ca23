import { BusError } from "../../error/bus-error.ts";
import { createReceipt } from "../pull/receipt.ts";
import type { ServedBus } from "../served-bus.ts";
import { Session } from "./session.ts";

/** The http engines that are connected to a server. */
export class Sessions {
  readonly #served: ServedBus;
  readonly #server: string;
  readonly #sessions = new Map<string, Session>();

  /** `server`: the name of this one. Any server of the bus can tell from a session's id whose it is. */
  constructor(served: ServedBus, server: string) {
    this.#served = served;
    this.#server = server;
  }

  create(leaseMs: number): Session {
    const session = new Session(createReceipt(this.#server), leaseMs, this.#served, ({ id }) =>
      this.#sessions.delete(id),
    );
    this.#sessions.set(session.id, session);
    return session;
  }

  /** Throws `not_found` for one that has ended, was lost, or is another server's. */
  get(id: string): Session {
    const session = this.#sessions.get(id);
    if (session !== undefined) return session;
    throw new BusError(
      "not_found",
      "there is no such session here; it was lost, or belongs to another server; open one again",
    );
  }

  /** Ends all; what they hold returns, the attempts not counted. */
  async close(): Promise<void> {
    await Promise.all([...this.#sessions.values()].map((session) => session.end("given back")));
  }
}
