import { BusError } from "../error/bus-error.ts";
import { shortForm } from "../error/short-form.ts";
import type { WantedSubscription } from "./deliveries.ts";

/** With `inbox-` before it, it is the name of a subscription. */
const agentForm = /^[a-z0-9][a-z0-9-]{0,41}$/;

/**
 * The durable subscription behind the inbox of an agent: every event that is addressed to it, by `data.to` (its name, or a list that has it) or by
 * the tag `to:<name>`, from the beginning of history on, so that what was sent before it first looked is there too. Throws `invalid_config`
 * for a name that cannot be one of an agent.
 */
export function inboxOf(agent: string): WantedSubscription {
  if (!agentForm.test(agent)) {
    throw new BusError(
      "invalid_config",
      `the agent ${shortForm(agent)} must be named by 1 to 42 of a-z, 0-9 and -, such as reviewer-2`,
    );
  }
  return {
    name: `inbox-${agent}`,
    on: ["*"],
    where: { $or: [{ data: { to: [agent] } }, { metadata: { tags: [`to:${agent}`] } }] },
    from: "beginning",
    ackTimeoutMs: 600_000,
    // An agent that crashes is no reason to give a message up.
    attempts: 100,
    backoff: { from: 1_000, to: 60_000 },
    concurrency: 1_000,
  };
}
