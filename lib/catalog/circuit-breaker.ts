import * as z from "zod";
import { defineEvent } from "../event/definition.ts";

/** `circuit_breaker.state.changed`: a circuit breaker opened, closed or is trying. */
export const circuitBreakerStateChanged = defineEvent("circuit_breaker.state.changed", {
  description: "A circuit breaker opened, closed or is trying.",
  data: z.looseObject({ service: z.string(), from: z.string(), to: z.string(), reason: z.string().optional() }),
});

const call = z.looseObject({ service: z.string(), error: z.unknown().optional() });

/** `circuit_breaker.call.failed`: a call behind a circuit breaker failed. */
export const circuitBreakerCallFailed = defineEvent("circuit_breaker.call.failed", {
  description: "A call behind a circuit breaker failed.",
  data: call,
});

/** `circuit_breaker.call.rejected`: a call was refused by an open circuit breaker. */
export const circuitBreakerCallRejected = defineEvent("circuit_breaker.call.rejected", {
  description: "A call was refused by an open circuit breaker.",
  data: call,
});
