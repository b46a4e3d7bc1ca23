import { resourceNames } from "../aws-shared/index.ts";

/** Which of the queues that `record-dead-letter` drains a message comes from. */
export type DrainedQueue =
  | { readonly kind: "unpublished" }
  | { readonly kind: "history" }
  | { readonly kind: "bus" }
  | { readonly kind: "subscription"; readonly subscription: string };

const ending = /-dlq(?:\.fifo)?$/;

/** Reads the name of a queue out of its ARN; undefined where the bus has no such dead-letter queue. */
export function drainedQueue(queueArn: string, bus: string): DrainedQueue | undefined {
  const name = queueArn.slice(queueArn.lastIndexOf(":") + 1);
  if (name === resourceNames.publisherDeadLetterQueue(bus)) return { kind: "unpublished" };
  if (name === resourceNames.historyDeadLetterQueue(bus)) return { kind: "history" };
  if (name === resourceNames.busDeadLetterQueue(bus)) return { kind: "bus" };
  if (!name.startsWith(`${bus}-`) || !ending.test(name)) return undefined;
  const subscription = name.slice(bus.length + 1).replace(ending, "");
  return subscription === "" ? undefined : { kind: "subscription", subscription };
}
