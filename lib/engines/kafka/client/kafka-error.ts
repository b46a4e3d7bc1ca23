import { BusError } from "../../../error/bus-error.ts";
import { messageOf } from "../../../error/message-of.ts";

/** The error for what the client library threw; its own name for what the broker said is in the message. */
export function kafkaError(thrown: unknown, what: string): BusError {
  if (thrown instanceof BusError) return thrown;
  const reasons = reasonsOf(thrown);
  if (reasons.some((reason) => reason.includes("MESSAGE_TOO_LARGE") || reason.includes("RECORD_LIST_TOO_LARGE"))) {
    return new BusError(
      "event_too_large",
      `${what}: the topic takes no record of that size; raise its max.message.bytes, or claim-check large data`,
      { cause: thrown },
    );
  }
  if (reasons.some((reason) => /SASL|AUTHENTICATION|AUTHORIZATION_FAILED/i.test(reason))) {
    return new BusError("invalid_config", `${what}: Kafka refuses this client: ${reasons.at(-1)}`, { cause: thrown });
  }
  return new BusError("unavailable", `${what}: Kafka failed: ${reasons.at(-1)}`, { cause: thrown });
}

/** Whether the broker answered with an error of one of these names. */
export function isAnswer(thrown: unknown, ...names: string[]): boolean {
  return reasonsOf(thrown).some((reason) => names.some((name) => reason.includes(name)));
}

/** What went wrong, from the outermost error inwards. */
function reasonsOf(thrown: unknown, depth = 0): string[] {
  if (depth > 5 || !(thrown instanceof Error)) return [messageOf(thrown)];
  const id: unknown = Reflect.get(thrown, "apiId");
  const own = typeof id === "string" ? `${id}: ${thrown.message}` : thrown.message;
  const inner = thrown instanceof AggregateError ? thrown.errors.slice(-3) : [];
  const causes = thrown.cause === undefined ? inner : [...inner, thrown.cause];
  return [own, ...causes.flatMap((cause: unknown) => reasonsOf(cause, depth + 1))];
}
