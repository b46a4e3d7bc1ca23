import { activeOf, type PublishedAlert, publishedAlerts } from "../../alerts/index.ts";
import type { ServedBus } from "../served-bus.ts";

/** Milliseconds for which an answer is given again: many pages ask every few seconds. */
const freshMs = 3_000;

/** The alerts that are active on a bus, whoever watches it: another server, or the function `watch-flows` on AWS. */
export class ActiveAlerts {
  readonly #served: Pick<ServedBus, "bus" | "clock">;
  #read: { readonly at: number; readonly alerts: Promise<readonly PublishedAlert[]> } | undefined;

  constructor(served: Pick<ServedBus, "bus" | "clock">) {
    this.#served = served;
  }

  /** The latest first; as history had them a few seconds ago. */
  list(): Promise<readonly PublishedAlert[]> {
    const { bus, clock } = this.#served;
    const now = clock.now();
    if (this.#read !== undefined && now - this.#read.at < freshMs) return this.#read.alerts;
    const alerts = activeOf(publishedAlerts(bus.history, now)).then((active) => active.reverse());
    this.#read = { at: now, alerts };
    alerts.catch(() => {
      this.#read = undefined;
    });
    return alerts;
  }
}
