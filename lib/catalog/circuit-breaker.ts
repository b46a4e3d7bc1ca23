import * as z from "zod";
import { defineEvent } from "../event/definition.ts";
import { optionalText, optionalValue, text } from "./fields.ts";

/** `circuit_breaker.state.changed`: a circuit breaker opened, closed or half-opened. */
export const circuitBreakerStateChanged = defineEvent("circuit_breaker.state.changed", {
  description: "A circuit breaker opened, closed or half-opened.",
  data: z.looseObject({ service: text, from: text, to: text, reason: optionalText }),
});

const call = z.looseObject({ service: text, error: optionalValue });

/** `circuit_breaker.call.failed`: a call behind a circuit breaker failed. */
export const circuitBreakerCallFailed = defineEvent("circuit_breaker.call.failed", {
  description: "A call behind a circuit breaker failed.",
  data: call,
});

/** `circuit_breaker.call.rejected`: a call was rejected by an open circuit breaker. */
export const circuitBreakerCallRejected = defineEvent("circuit_breaker.call.rejected", {
  description: "A call was rejected by an open circuit breaker.",
  data: call,
});
