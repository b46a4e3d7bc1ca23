import { type Alert, alertSubscription, type CheckedWay, checkAlerts, watchAlerts } from "../../alerts/index.ts";
import type { Handler } from "../../delivery/handler.ts";
import type { Subscriber } from "../../delivery/subscriber.ts";
import { BusError } from "../../error/bus-error.ts";
import type { Event } from "../../event/event.ts";
import type { AnyEvents, ServedBus } from "../served-bus.ts";
import { deliveryMessage, loadSign } from "../webhooks/message.ts";
import { push } from "../webhooks/push.ts";
import { secretSchema } from "../webhooks/webhook.ts";
import { runCommand } from "./run-command.ts";

/** The alerts of a server. */
export interface RunningAlerts {
  /** What is raised and not cleared. */
  active(): Alert[];
  close(): Promise<void>;
}

/** The time that a receiver of a webhook has to answer, in milliseconds. */
const webhookTimeoutMs = 30_000;

/**
 * Watches a bus by the alerts that were declared for it, and sends them where they go: each way is a durable subscription
 * `alert-<name>`, so that several servers of a bus send an alert once. Rejects with `invalid_config`.
 */
export async function startAlerts(served: ServedBus, declared: unknown): Promise<RunningAlerts> {
  const { rules, to } = checkAlerts(declared);
  const { bus, clock, logger } = served;
  const subscribers: Subscriber[] = [];
  const closeAll = () => Promise.all(subscribers.map((subscriber) => subscriber.close()));
  try {
    for (const way of to) {
      const timeout = "command" in way ? way.timeout : webhookTimeoutMs;
      subscribers.push(await bus.subscribe({ ...alertSubscription(way.name), timeout }, await handlerOf(way, served)));
    }
  } catch (thrown) {
    await closeAll();
    throw thrown;
  }
  const watch = watchAlerts(bus, { rules, clock, logger });
  return {
    active: () => watch.active(),
    close: async () => {
      await watch.close();
      await closeAll();
    },
  };
}

async function handlerOf(way: CheckedWay, { clock }: Pick<ServedBus, "clock">): Promise<Handler<Event, AnyEvents>> {
  if ("command" in way) {
    return (event, { signal }) => runCommand(way.command, `${JSON.stringify(event)}\n`, signal);
  }
  const { webhook: url, secret } = way;
  if (!secretSchema.safeParse(secret).success) {
    throw new BusError(
      "invalid_config",
      `alerts.to: the secret of "${way.name}" must be whsec_ and 24 to 64 bytes as base64`,
    );
  }
  const sign = await loadSign();
  const webhook = { url, secrets: [{ secret }] };
  return async (event, context) => {
    // Who writes the configuration decides where alerts go, inside of a private network too.
    const outcome = await push(
      { clock, allowPrivate: true },
      webhook,
      deliveryMessage(event, context),
      context.signal,
      sign,
    );
    if (outcome === "gone") throw new Error(`${new URL(url).origin} wants no more alerts (410)`);
  };
}
