import { BusError, type BusErrorCode } from "../../error/bus-error.ts";
import { messageOf } from "../../error/message-of.ts";

/** Names that the services give to "too much, too fast". The SDK marks most of them, a batch's single entries are not. */
const throttles: ReadonlySet<string> = new Set([
  "BandwidthLimitExceeded",
  "EC2ThrottledException",
  "KmsThrottled",
  "LimitExceededException",
  "OverLimit",
  "PriorRequestNotComplete",
  "ProvisionedThroughputExceededException",
  "RequestLimitExceeded",
  "RequestThrottled",
  "RequestThrottledException",
  "SlowDown",
  "ThrottledException",
  "Throttling",
  "ThrottlingError",
  "ThrottlingException",
  "TooManyRequestsException",
  "TransactionInProgressException",
]);
const missing: ReadonlySet<string> = new Set([
  "AWS.SimpleQueueService.NonExistentQueue",
  "NoSuchBucket",
  "NotFound",
  "ParameterNotFound",
  "QueueDoesNotExist",
  "ResourceNotFoundException",
]);
const refused: ReadonlySet<string> = new Set([
  "AccessDenied",
  "AccessDeniedException",
  "CredentialsProviderError",
  "ExpiredToken",
  "ExpiredTokenException",
  "InvalidClientTokenId",
  "InvalidSignatureException",
  "KMSAccessDeniedException",
  "KmsAccessDenied",
  "KmsDisabled",
  "KmsInvalidState",
  "KmsNotFound",
  "KmsOptInRequired",
  "MissingAuthenticationTokenException",
  "NotAuthorized",
  "SignatureDoesNotMatch",
  "UnrecognizedClientException",
]);

/**
 * Turns what a client of AWS threw into a BusError. `what` names the thing that was worked on, such as
 * `table agents-deliveries`. `throttled` and `unavailable` (5xx, network, timeouts) may succeed later; `not_found`, and
 * `unavailable` where access is refused or the request is wrong, do not without a change. One that is a BusError passes.
 */
export function toBusErrorOfAws(thrown: unknown, what: string): BusError {
  if (thrown instanceof BusError) return thrown;
  const { name, status, throttling } = factsOf(thrown);
  const error = (code: BusErrorCode, message: string, retryable: boolean) =>
    new BusError(code, `${what}: ${message}`, {
      cause: thrown,
      retryable,
      details: { ...(name === undefined ? {} : { awsError: name }), ...(status === undefined ? {} : { status }) },
    });
  const said = `${name === undefined ? "" : `${name}: `}${messageOf(thrown) || "no message"}`;
  if (throttling || status === 429 || (name !== undefined && throttles.has(name))) {
    return error("throttled", `AWS asks to slow down (${said}); try again later, or raise the quota`, true);
  }
  if (name !== undefined && missing.has(name)) {
    return error(
      "not_found",
      `it is not there (${said}); deploy the bus's stacks, or check its name, the Region and the account`,
      false,
    );
  }
  if (name !== undefined && refused.has(name)) {
    return error("unavailable", `AWS refuses access (${said}); check the credentials and what they grant`, false);
  }
  // A 4xx that is none of these stays wrong however often it is sent; 408 is a timeout.
  const wrong = status !== undefined && status >= 400 && status < 500 && status !== 408;
  return error("unavailable", said, !wrong);
}

/** Whether AWS has refused access. */
export function isRefused(thrown: unknown): boolean {
  const { name } = factsOf(thrown instanceof BusError ? thrown.cause : thrown);
  return name !== undefined && refused.has(name);
}

/** Whether an error of AWS has this name. */
export function isAwsError(thrown: unknown, name: string): boolean {
  return factsOf(thrown).name === name;
}

function factsOf(thrown: unknown): { name?: string; status?: number; throttling: boolean } {
  if (!(thrown instanceof Error)) return { throttling: false };
  const status = read(read(thrown, "$metadata"), "httpStatusCode");
  return {
    ...(thrown.name === "Error" ? {} : { name: thrown.name }),
    ...(typeof status === "number" ? { status } : {}),
    throttling: read(read(thrown, "$retryable"), "throttling") === true,
  };
}

function read(from: unknown, field: string): unknown {
  return typeof from === "object" && from !== null ? Reflect.get(from, field) : undefined;
}
