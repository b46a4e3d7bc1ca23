import type { Engine } from "../engine/engine.ts";
import { BusError } from "../error/bus-error.ts";
import type { SubscribeCall } from "./subscribe-call.ts";

type Claim = Pick<SubscribeCall, "handler" | "filter" | "shared">;
type Claims = Map<string, Set<Claim>>;

/** Those of all buses of this process whose engines name their store. */
const ofStores: Claims = new Map();

/**
 * The handlers in this process by the name of their subscription. Two modules that happen to use one name would each get a part of
 * the events, in silence: that has to be said. Buses on one store share it, as they share its subscriptions.
 */
export class HandlersByName {
  readonly #claims: Claims;
  readonly #store: string;

  constructor({ store }: Pick<Engine, "store">) {
    this.#claims = store === undefined ? new Map() : ofStores;
    this.#store = store ?? "";
  }

  /**
   * Adds a handler until the returned function is called. Throws `invalid_config` where another handler, or the same with
   * another filter, has the name, unless both are `shared`.
   */
  add(name: string, { handler, filter, shared }: Claim): () => void {
    const key = `${name} ${this.#store}`;
    const claims = this.#claims.get(key) ?? new Set();
    for (const other of claims) {
      if ((shared && other.shared) || (other.handler === handler && other.filter === filter)) continue;
      throw new BusError(
        "invalid_config",
        `subscription ${name} has another handler in this process already, and the two would share its events between them; ` +
          "give each a name of its own, so that both get every event, or subscribe both with { shared: true }",
        { details: { subscription: name } },
      );
    }
    const claim = { handler, filter, shared };
    this.#claims.set(key, claims.add(claim));
    return () => {
      claims.delete(claim);
      if (claims.size === 0 && this.#claims.get(key) === claims) this.#claims.delete(key);
    };
  }
}
