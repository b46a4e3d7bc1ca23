import type { BusError, BusErrorCode } from "../../error/bus-error.ts";
import type { Refusal, RefusalCode } from "../http/refusal.ts";
import { awsJsonType } from "./schema.ts";

/** The code of a failed entry, as EventBridge documents them. The retryable ones are `ThrottlingException` and `InternalFailure`. */
export function entryErrorCode({ code, retryable, details }: BusError | Refusal): string {
  const { awsError } = details;
  if (typeof awsError === "string") return awsError;
  if (code === "rate_limited" || code === "throttled") return "ThrottlingException";
  if (code === "forbidden") return "AccessDeniedException";
  return retryable || code === "aborted" || code === "closed" || code === "overflow"
    ? "InternalFailure"
    : "InvalidArgument";
}

/** The error of a whole request: its name and status. */
const requestErrors: Partial<Record<BusErrorCode | RefusalCode, readonly [type: string, status: number]>> = {
  invalid_event: ["SerializationException", 400],
  invalid_config: ["ValidationException", 400],
  event_too_large: ["ValidationException", 400],
  request_too_large: ["ValidationException", 413],
  unsupported_media_type: ["SerializationException", 415],
  unauthenticated: ["UnrecognizedClientException", 403],
  forbidden: ["AccessDeniedException", 403],
  misdirected: ["AccessDeniedException", 421],
  not_found: ["UnknownOperationException", 404],
  method_not_allowed: ["UnknownOperationException", 404],
  rate_limited: ["ThrottlingException", 400],
  throttled: ["ThrottlingException", 400],
};

/** An error answer that an AWS SDK reads. */
export function awsErrorResponse(error: BusError | Refusal, requestId: string): Response {
  const [type, status] = requestErrors[error.code] ?? ["InternalFailure", error.retryable ? 503 : 500];
  return new Response(JSON.stringify({ __type: type, message: error.message }), {
    status,
    headers: {
      "content-type": awsJsonType,
      "cache-control": "no-store",
      "x-amzn-errortype": type,
      "x-amzn-requestid": requestId,
    },
  });
}
