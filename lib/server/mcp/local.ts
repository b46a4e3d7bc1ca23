import { dependenciesOf } from "../../bus/engine-of.ts";
import { BusError, toBusError } from "../../error/bus-error.ts";
import { ChangeWatch } from "../../history/change-watch.ts";
import { LogReader } from "../../history/log-reader.ts";
import { fullAccess } from "../../mcp/access.ts";
import type { Deliveries, Settled } from "../../mcp/deliveries.ts";
import type { McpServerOptions } from "../../mcp/server.ts";
import { longestTimerMs } from "../../runtime/clock.ts";
import { PullQueues } from "../pull/pull-queues.ts";
import { createServerId } from "../pull/receipt.ts";
import type { ServedBus } from "../served-bus.ts";
import { Cursors } from "../streams/cursors.ts";
import { deliveriesOf } from "./deliveries.ts";

/** Milliseconds between two heartbeats of a stream. */
const heartbeatMs = 15_000;

/** What a process that serves one agent gives it of its bus. */
export interface LocalMcp extends Pick<McpServerOptions, "bus" | "access" | "deliveries" | "events" | "toError"> {
  /** Keeps the process alive until then. Lets what was claimed return, its attempt not counted. Call it before the bus closes. */
  close(): void;
}

/** Serves a bus of `connect` to the one agent of this process, who may do everything. `closing` fires when that ends. */
export function localMcp(bus: ServedBus["bus"], closing: AbortSignal): LocalMcp {
  const dependencies = dependenciesOf(bus);
  if (dependencies === undefined) throw new BusError("invalid_config", "the bus is none of this copy of wagglebus");
  const { catalog, clock, engine, nextId } = dependencies;
  const served: ServedBus = { ...dependencies, bus };
  const pulls = new PullQueues(served, createServerId());
  // Whoever waits for a delivery waits on timers that alone keep no process alive.
  const alive = clock.setTimer(() => {}, longestTimerMs, { keepAlive: true });
  return {
    bus,
    access: fullAccess,
    deliveries: deliveriesOf(served, pulls, fullAccess, settleIn(pulls)),
    events: {
      source: {
        log: engine.log,
        reader: new LogReader(engine.log, new ChangeWatch(engine, clock)),
        catalog,
        cursors: new Cursors(engine.capabilities.has("durable") ? "" : nextId()),
        now: clock.now,
      },
      isAllowed: async () => true,
      clock,
      heartbeatMs,
      closing,
    },
    toError: toBusError,
    close: () => {
      pulls.close();
      clock.clearTimer(alive);
    },
  };
}

function settleIn(pulls: PullQueues): Deliveries["settle"] {
  return (subscription, items) =>
    Promise.all(
      items.map(async ({ receipt, settlement }): Promise<Settled> => {
        try {
          const ackBy = await pulls.settle(subscription, receipt, settlement);
          return { receipt, ok: true, ...(ackBy === undefined ? {} : { ackBy: new Date(ackBy).toISOString() }) };
        } catch (thrown) {
          const { code, message } = toBusError(thrown);
          return { receipt, ok: false, error: { code, message } };
        }
      }),
    );
}
