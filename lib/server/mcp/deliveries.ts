import { parseSubscribe } from "../../bus/subscribe-call.ts";
import { BusError } from "../../error/bus-error.ts";
import type { McpAccess } from "../../mcp/access.ts";
import type { Deliveries, WantedSubscription } from "../../mcp/deliveries.ts";
import type { PullQueues } from "../pull/pull-queues.ts";
import type { ServedBus } from "../served-bus.ts";

/** The deliveries of a bus for agents, as its pulling clients get them. How they are settled is the caller's: another server may hold them. */
export function deliveriesOf(
  served: ServedBus,
  pulls: PullQueues,
  access: McpAccess,
  settle: Deliveries["settle"],
): Deliveries {
  return {
    ensure: (wanted) => ensure(served, access, wanted),
    claim: async (subscription, max, waitMs, signal) => {
      access.checkTypes((await pulls.settingsOf(subscription)).on);
      const held = await pulls.pull(subscription, max, waitMs, signal);
      return held.map(({ receipt, delivery, event, ackBy }) => ({ receipt, attempt: delivery.attempt, ackBy, event }));
    },
    settle,
  };
}

async function ensure(served: ServedBus, access: McpAccess, wanted: WantedSubscription): Promise<void> {
  const { ackTimeoutMs, name, on, ...rest } = wanted;
  const settings = { ...rest, name, on: [...on], ...(ackTimeoutMs === undefined ? {} : { timeout: ackTimeoutMs }) };
  const { record } = parseSubscribe(served, settings, () => {}, {});
  access.checkTypes(record.on);
  const stored = await served.bus.subscriptions.get(name);
  if (stored === undefined) {
    await served.engine.subscriptions.put(record, { ephemeral: false });
    return;
  }
  access.checkTypes(stored.record.on);
  if (JSON.stringify(selected(stored.record)) === JSON.stringify(selected(record))) return;
  throw new BusError(
    "conflict",
    `subscription ${name} is there already, and selects ${JSON.stringify(selected(stored.record))}; claim from it without types, or take another name`,
  );
}

function selected({ on, where }: { readonly on: readonly string[]; readonly where?: object }) {
  return { on: on.toSorted(), ...(where === undefined ? {} : { where }) };
}
