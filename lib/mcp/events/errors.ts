import { ProtocolError } from "@modelcontextprotocol/server";
import { shortForm } from "../../error/short-form.ts";
import { errorCodes } from "./protocol.ts";
import { CallbackRefused, LimitReached } from "./webhooks.ts";

/** What is answered for what was thrown, by the names of a bus. */
export interface Answerable {
  readonly code: string;
  readonly message: string;
}

const byBusCode: Readonly<Record<string, number>> = {
  invalid_config: errorCodes.invalidParams,
  invalid_pattern: errorCodes.invalidParams,
  invalid_event: errorCodes.invalidParams,
  unknown_type: errorCodes.notFound,
  not_found: errorCodes.notFound,
  forbidden: errorCodes.forbidden,
  unauthenticated: errorCodes.forbidden,
};

/** The error of JSON-RPC; `data.code` is that of the bus. */
export function toProtocolError(thrown: unknown, toError: (thrown: unknown) => Answerable): ProtocolError {
  if (thrown instanceof ProtocolError) return thrown;
  if (thrown instanceof CallbackRefused) {
    return new ProtocolError(errorCodes.callbackEndpoint, thrown.message, { reason: thrown.reason });
  }
  if (thrown instanceof LimitReached) {
    const { limit, max } = thrown;
    return new ProtocolError(errorCodes.resourceExhausted, thrown.message, { limit, max });
  }
  const { code, message } = toError(thrown);
  const kind = code === "unknown_type" ? { kind: "event" } : {};
  return new ProtocolError(byBusCode[code] ?? errorCodes.internal, message, { code, ...kind });
}

/** An event that there is none of. */
export function noSuchEvent(name: string, why: string): ProtocolError {
  return new ProtocolError(errorCodes.notFound, `there is no event ${JSON.stringify(name)}: ${why}`, {
    code: "unknown_type",
    kind: "event",
  });
}

/** A way of delivery that is not served. */
export function noSuchMode(mode: string): ProtocolError {
  return new ProtocolError(
    errorCodes.unsupported,
    `a subscription is delivered by webhook, not by ${shortForm(mode)}`,
    {
      feature: "deliveryMode",
      value: mode,
    },
  );
}
