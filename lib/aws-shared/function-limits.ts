import type { SubscriptionRecord } from "../subscription/subscription.ts";

const why =
  "is not supported in a Lambda function, because each process applies it on its own and functions are many short-lived processes";
const inProcess = "handle the subscription in a process with QueueSubscriber";

/**
 * What a subscription asks for and functions cannot keep, with what to do instead; undefined where there is nothing. Refused
 * at synth and by the function itself: ignored, it would only be missed under load.
 */
export function functionLimitProblem({
  concurrencyPerKey,
  throttle,
}: Pick<SubscriptionRecord, "concurrencyPerKey" | "throttle">): string | undefined {
  if (throttle !== undefined) {
    return `throttle ${why}; omit it and reduce \`concurrency\`, the maximum that all functions run at the same time, or ${inProcess}`;
  }
  if (concurrencyPerKey !== undefined) {
    const ordered = `\`ordered: ${JSON.stringify(concurrencyPerKey.key)}\``;
    return `concurrencyPerKey ${why}; omit it and use ${ordered}, which runs one delivery of each key at a time, or ${inProcess}`;
  }
  return undefined;
}
