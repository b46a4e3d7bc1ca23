/** What the Lambda runtime tells a function of its invocation, as far as it is used here. */
export interface FunctionContext {
  /** The id of the invocation, as in its log. */
  readonly awsRequestId: string;
  /** Milliseconds until Lambda ends the invocation. */
  getRemainingTimeInMillis(): number;
}

/** Which messages of a batch go back to their queue; the others are deleted. */
export interface BatchResponse {
  /** The messages that the queue delivers again; all others are deleted. */
  batchItemFailures: {
    /** The id of the message. */
    itemIdentifier: string;
  }[];
}

/**
 * A function that a queue invokes with batches of messages, and whose event source mapping reports batch item failures.
 * What it is given is parsed.
 */
export type QueueFunction = (event: unknown, context: FunctionContext) => Promise<BatchResponse>;

/** A function that a schedule invokes. */
export type ScheduledFunction = (event: unknown, context: FunctionContext) => Promise<void>;
