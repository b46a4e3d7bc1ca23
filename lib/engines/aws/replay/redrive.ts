import type { DeployedSubscription } from "../../../aws-shared/index.ts";
import { noDeadLetter, noSubscriptionFor } from "../../../engine/errors.ts";
import type { AwsDependencies, DeadLetterStore, DeliveryStore } from "../dependencies.ts";
import { toQueueEntry } from "./queue-entry.ts";
import { sendAll } from "./send.ts";

export interface RedriveDependencies extends Pick<AwsDependencies, "clients" | "random"> {
  readonly deliveries: Pick<DeliveryStore, "revive">;
  readonly deadLetters: Pick<DeadLetterStore, "get" | "remove">;
  readonly find: (subscription: string) => Promise<DeployedSubscription | undefined>;
}

/**
 * Sends a dead letter to the queue of its subscription and removes it. A crash between any two steps leaves the letter, and
 * doing it all again is harmless: a delivery that is no longer dead is not revived twice, and of two messages of one
 * delivery the table lets one run. `not_found`, `conflict` where its subscription is gone.
 */
export async function redrive(parts: RedriveDependencies, id: string): Promise<void> {
  const { deadLetters, deliveries, find } = parts;
  const letter = await deadLetters.get(id);
  if (letter === undefined) throw noDeadLetter(id);
  const { event, subscription } = letter;
  const deployed = subscription === undefined ? undefined : await find(subscription);
  if (subscription === undefined || deployed === undefined) throw noSubscriptionFor(id, subscription);
  await deliveries.revive(subscription, event);
  await sendAll(parts, deployed, [toQueueEntry(event, deployed, { attribute: "redriven", id })]);
  await deadLetters.remove(id);
}
