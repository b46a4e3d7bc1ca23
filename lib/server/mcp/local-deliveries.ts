import { dependenciesOf } from "../../bus/engine-of.ts";
import { BusError } from "../../error/bus-error.ts";
import { fullAccess } from "../../mcp/access.ts";
import type { Deliveries } from "../../mcp/deliveries.ts";
import { toAnswerable } from "../http/problem.ts";
import { PullQueues } from "../pull/pull-queues.ts";
import { createServerId } from "../pull/receipt.ts";
import type { ServedBus } from "../served-bus.ts";
import { deliveriesOf } from "./deliveries.ts";

/** The deliveries of a bus for the one agent that a process serves. */
export interface LocalDeliveries extends Deliveries {
  /** Lets what was claimed return, its attempt not counted. Call it before the bus closes. */
  close(): void;
}

/** Takes deliveries of a bus of `connect` in this process. */
export function localDeliveries(bus: ServedBus["bus"]): LocalDeliveries {
  const dependencies = dependenciesOf(bus);
  if (dependencies === undefined) throw new BusError("invalid_config", "the bus is none of this copy of wagglebus");
  const served: ServedBus = { ...dependencies, bus };
  const pulls = new PullQueues(served, createServerId());
  return {
    ...deliveriesOf(served, pulls, fullAccess, (subscription, items) =>
      Promise.all(
        items.map(async ({ receipt, settlement }) => {
          try {
            const ackBy = await pulls.settle(subscription, receipt, settlement);
            const extended = ackBy === undefined ? {} : { ackBy: new Date(ackBy).toISOString() };
            return { receipt, ok: true as const, ...extended };
          } catch (thrown) {
            const { code, message } = toAnswerable(thrown);
            return { receipt, ok: false as const, error: { code, message } };
          }
        }),
      ),
    ),
    close: () => pulls.close(),
  };
}
