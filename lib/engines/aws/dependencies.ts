import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { EventBridgeClient } from "@aws-sdk/client-eventbridge";
import type { S3Client } from "@aws-sdk/client-s3";
import type { SQSClient } from "@aws-sdk/client-sqs";
import type { SSMClient } from "@aws-sdk/client-ssm";
import type { BusConfig } from "../../aws-shared/index.ts";
import type { DeadLetterStore } from "../../engine/dead-letter-store.ts";
import type { DeadLetter, Delivery, EndedDelivery, Failure, Outcome } from "../../engine/delivery.ts";
import type {
  EventLog,
  LogPage,
  LogPageOptions,
  LogRead,
  LogSelection,
  Position,
  PositionOf,
} from "../../engine/event-log.ts";
import type { HistoryQuery } from "../../engine/queries.ts";
import type { BusError } from "../../error/bus-error.ts";
import type { Catalog } from "../../event/catalog.ts";
import type { Event } from "../../event/event.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { Logger } from "../../runtime/logger.ts";
import type { SubscriptionRecord } from "../../subscription/subscription.ts";
import type { RecordedHead } from "./history/recorded.ts";

/** The clients of the services, each made when first asked for. One set a process. */
export interface Clients {
  readonly events: EventBridgeClient;
  readonly sqs: SQSClient;
  readonly dynamo: DynamoDBClient;
  /** Loaded when first asked for: a process needs it when it connects, a function never. */
  ssm(): Promise<SSMClient>;
  /** Loaded when a body is too large for the table, which is rare. */
  s3(): Promise<S3Client>;
  /** Closes their sockets. */
  destroy(): void;
}

/** What every part of the engine works with. */
export interface AwsDependencies {
  readonly config: BusConfig;
  readonly clients: Clients;
  readonly catalog: Catalog;
  readonly clock: Clock;
  readonly random: () => number;
  readonly nextId: () => string;
  readonly logger: Logger;
  /** Called for background errors, which no caller can see. */
  readonly onError: (error: BusError) => void;
}

/** An event to record. */
export interface ToRecord {
  readonly event: Event;
  /** Milliseconds since 1970, from `acceptedAt`. */
  readonly acceptedAt: number;
}

/** History in the table. */
export interface HistoryTable extends Required<Pick<EventLog, "flow" | "stats">> {
  /**
   * Records a batch. The same event gives the same keys, so that duplicates overwrite. Gives what could not be recorded,
   * each with its error; the others are. `conflict` where the id is recorded with other content.
   */
  record(events: readonly ToRecord[]): Promise<{ readonly failed: readonly { index: number; error: BusError }[] }>;
  get(id: string): Promise<Event | undefined>;
  query(query: HistoryQuery, page: LogPageOptions): Promise<LogPage>;
  position(of: PositionOf): Promise<Position>;
  readAfter(position: Position, limit: number, wanted?: readonly LogSelection[]): Promise<LogRead>;
  /** What was recorded between two times, in milliseconds since 1970, part by part, about the newest first. */
  recorded(times: {
    readonly since: number;
    readonly until: number;
  }): AsyncGenerator<readonly RecordedHead[], void, void>;
  /** The events of those keys that are there, by key. */
  byKeys(keys: readonly string[]): Promise<ReadonlyMap<string, Event>>;
}

/** Dead letters in the table, those of events that were never published included. */
export interface DeadLetterTable extends DeadLetterStore {
  /** How many a subscription has. */
  count(subscription: string): Promise<number>;
}

/** One message as SQS gives it, to a poller or to a function. */
export interface QueueMessage {
  readonly body: string;
  /** System attribute SentTimestamp, milliseconds since 1970. */
  readonly sentMs: number;
  /** Values of `messageAttributes`, where the message has them. */
  readonly replayId?: string;
  readonly redrivenFrom?: string;
}

/** A delivery that this process may run, and by which the table knows it. */
export interface ClaimedDelivery extends Delivery {
  /** Which claim this is: a later claim of the same delivery has another. */
  readonly claim: string;
}

/** What is to be done with a message in its queue. */
export type MessageAction =
  | { readonly kind: "delete" }
  /** Visible again after that time. */
  | { readonly kind: "later"; readonly afterMs: number };

/** Why a message was not handed over. */
export type SkipReason = "duplicate" | "dead" | "invalid" | "expired" | "delayed" | "retryLater";

/** A message that is not to be run now. */
export interface SkippedMessage {
  readonly action: MessageAction;
  readonly why: SkipReason;
}

/** What a claim came to. */
export type MessageClaim = { readonly delivery: ClaimedDelivery } | SkippedMessage;

/**
 * The deliveries table: it says who may run a delivery, counts its attempts, and remembers for how long it succeeded. The
 * poller and the Lambda side process every message by it, so that both keep the same promises.
 */
export interface DeliveryTable {
  /**
   * Reads a message and claims its delivery for one run. Otherwise says what is to be done with the message: it succeeded or
   * is dead already, is invalid (then it is a dead letter now), expired, came before its `deliverAt`, or runs elsewhere. Never rejects for a bad message.
   * Where `ordered`, also takes the lock of the key; with `concurrency: 1`, the subscription's only one.
   */
  claim(
    message: QueueMessage,
    record: SubscriptionRecord,
    options: { readonly leaseMs: number },
  ): Promise<MessageClaim>;
  /**
   * Holds the claim, and its locks, for another lease. False where it was lost: another has taken it over; with
   * `concurrency: 1` also where its lease had ended, as another delivery may run in its place.
   */
  renew(delivery: ClaimedDelivery, leaseMs: number): Promise<boolean>;
  /**
   * Records how the run ended, a dead letter included, lets go of the claim, and says what is to be done with the message.
   * `startedAt` is when the handler began, in milliseconds since 1970; absent where it did not run.
   */
  settle(
    delivery: ClaimedDelivery,
    record: SubscriptionRecord,
    outcome: Outcome,
    startedAt?: number,
  ): Promise<MessageAction>;
  /** How these deliveries ended, as far as it is known: for as long as the table remembers them. In the order in which they did. */
  ended(deliveries: readonly { readonly subscription: string; readonly event: Event }[]): Promise<EndedDelivery[]>;
  /**
   * Lets a dead delivery be run again, attempts anew: `revived`, also where it is no longer known, or was revived before and
   * has not run yet. Changes nothing where it is under way or has succeeded.
   */
  revive(subscription: string, event: Event): Promise<"revived" | "underWay" | "succeeded">;
  /**
   * Makes a delivery that its queue, or its rule, has given up a dead letter with the attempts made so far, and marks it
   * dead, so that it can be redriven and its key goes on. Gives the dead letter; undefined where it succeeded or was dead
   * before. Also takes what is not a valid event: that becomes the dead letter that everybody else makes of it. Rejects with
   * `unavailable` while it still runs: try again later. `reason` counts where no attempt failed.
   */
  giveUp(
    message: QueueMessage,
    subscription: string,
    reason: Pick<Failure, "code" | "message">,
  ): Promise<DeadLetter | undefined>;
}
