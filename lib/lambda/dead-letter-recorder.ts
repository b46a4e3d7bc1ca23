import { metricNames, parseUnpublished } from "../aws-shared/index.ts";
import { deadLetterOfUnpublished } from "../delivery/dead-letter.ts";
import type { DeadLetter, Failure } from "../engine/delivery.ts";
import { toBusErrorOfAws } from "../engines/aws/aws-error.ts";
import { unprocessedEventDeadLetterId } from "../engines/aws/dead-letters/ids.ts";
import { invalidEventDeadLetter, openMessage } from "../engines/aws/dead-letters/invalid-event.ts";
import type { AwsDependencies, DeadLetterTable, DeliveryTable } from "../engines/aws/dependencies.ts";
import { BusError, toBusError } from "../error/bus-error.ts";
import { formatTime } from "../event/time.ts";
import type { BatchCounts } from "./batch-run.ts";
import { errorFields } from "./function-dependencies.ts";
import type { HistoryRecorder, Recording } from "./history-recorder.ts";
import type { BatchMessage } from "./queue-batch.ts";
import { type DrainedQueue, drainedQueue } from "./queue-of.ts";

/** What dead letters are recorded with. */
export interface DeadLetterRecorderDependencies extends AwsDependencies {
  readonly deliveries: Pick<DeliveryTable, "giveUp">;
  readonly deadLetters: Pick<DeadLetterTable, "put">;
  readonly history: Pick<HistoryRecorder, "record">;
}

/** Makes dead letters of what dead-letter queues hold. */
export class DeadLetterRecorder {
  readonly #dependencies: DeadLetterRecorderDependencies;

  constructor(dependencies: DeadLetterRecorderDependencies) {
    this.#dependencies = dependencies;
  }

  async record(messages: readonly BatchMessage[]): Promise<Recording> {
    const { bus } = this.#dependencies.config;
    const recording: Recording = { failed: [], counts: {} };
    const notInHistory: BatchMessage[] = [];
    await Promise.all(
      messages.map((message) => {
        const queue = drainedQueue(message.queueArn, bus);
        if (queue?.kind !== "history") return this.#one(message, queue, recording);
        notInHistory.push(message);
        return undefined;
      }),
    );
    if (notInHistory.length > 0) add(recording, await this.#dependencies.history.record(notInHistory));
    return recording;
  }

  async #one(message: BatchMessage, queue: DrainedQueue | undefined, recording: Recording): Promise<void> {
    const { logger } = this.#dependencies;
    try {
      const deadLetter = await this.#deadLetter(message, queue);
      if (deadLetter === undefined) return;
      const { id, subscription } = deadLetter;
      if (subscription === undefined) count(recording.counts, metricNames.deadLetters);
      else {
        recording.ofSubscriptions ??= {};
        recording.ofSubscriptions[subscription] ??= {};
        count(recording.ofSubscriptions[subscription], metricNames.deadLetters);
      }
      logger.info("dead letter is recorded", { deadLetterId: id, messageId: message.id, ...queue });
    } catch (thrown) {
      count(recording.counts, metricNames.recordErrors);
      recording.failed.push(message.id);
      const fields = errorFields(toBusError(thrown));
      logger.error("dead letter could not be recorded", { messageId: message.id, ...queue, ...fields });
    }
  }

  /** The dead letter; undefined where the delivery succeeded or was dead before. */
  async #deadLetter(message: BatchMessage, queue: DrainedQueue | undefined): Promise<DeadLetter | undefined> {
    if (queue?.kind === "subscription") {
      return this.#dependencies.deliveries.giveUp(message, queue.subscription, reasonOf(message));
    }
    if (queue?.kind === "unpublished") return this.#unpublished(message);
    if (queue?.kind === "bus") return this.#unprocessed(message);
    throw new BusError(
      "invalid_config",
      `queue ${message.queueArn} is not a dead-letter queue of the bus; remove its event source mapping`,
      {
        details: { queue: message.queueArn },
      },
    );
  }

  async #unpublished(message: BatchMessage): Promise<DeadLetter> {
    const { catalog, clock } = this.#dependencies;
    let deadLetter: DeadLetter;
    try {
      deadLetter = await this.#read(message.body);
    } catch (thrown) {
      const error = toBusError(thrown);
      if (error.code !== "invalid_event") throw error;
      const { event } = openMessage(message.body, message.sentMs, catalog);
      deadLetter = invalidEventDeadLetter({ ok: false, event, error }, message.sentMs, clock.now());
    }
    await this.#dependencies.deadLetters.put(deadLetter);
    return deadLetter;
  }

  /** The bus took the event and could not go on with it: nobody has it, so a redrive publishes it again. */
  async #unprocessed(message: BatchMessage): Promise<DeadLetter> {
    const { catalog, clock } = this.#dependencies;
    const deadAt = clock.now();
    const opened = openMessage(message.body, message.sentMs, catalog);
    const failure = {
      code: "unavailable",
      message: `the bus could not process it${saidBy(message)}; check its key and the key's policy`,
      at: formatTime(deadAt),
      attempt: 0,
    } as const;
    const stamp = { id: unprocessedEventDeadLetterId(message.id), acceptedAt: message.sentMs, deadAt };
    const deadLetter = opened.ok
      ? deadLetterOfUnpublished(opened.event, failure, stamp)
      : invalidEventDeadLetter(opened, message.sentMs, deadAt);
    await this.#dependencies.deadLetters.put(deadLetter);
    return deadLetter;
  }

  /** One too large for a message lies in the bodies bucket, which lets go of it once its message would be gone, too. */
  async #read(body: string): Promise<DeadLetter> {
    const read = parseUnpublished(body);
    if ("deadLetter" in read) return read.deadLetter;
    const whole = parseUnpublished(await this.#object(read.bodyKey));
    if ("deadLetter" in whole) return whole.deadLetter;
    throw new BusError("invalid_event", "the dead letter of a publisher names another object instead of the event");
  }

  async #object(key: string): Promise<string> {
    const { clients, config } = this.#dependencies;
    const { GetObjectCommand } = await import("../engines/aws/s3.ts");
    try {
      const s3 = await clients.s3();
      const { Body } = await s3.send(new GetObjectCommand({ Bucket: config.bodiesBucket, Key: key }));
      return (await Body?.transformToString()) ?? "";
    } catch (thrown) {
      throw toBusErrorOfAws(thrown, `bucket ${config.bodiesBucket}`);
    }
  }
}

/** Why it came to the dead-letter queue: its rule says so in attributes; without them its queue gave it up. */
function reasonOf(message: BatchMessage): Pick<Failure, "code" | "message"> {
  const { attributes, received } = message;
  if (attributes.ERROR_CODE === undefined && attributes.RULE_ARN === undefined) {
    const why = `its queue gave it up: it was received too often, and no attempt has ended (${received} receives since)`;
    return { code: "process_ended", message: why };
  }
  return {
    code: "unavailable",
    message: `EventBridge could not bring it to the subscription's queue${saidBy(message)}`,
  };
}

/** What EventBridge says of a message that it sends to a dead-letter queue. */
function saidBy({ attributes: { ERROR_CODE, ERROR_MESSAGE } }: BatchMessage): string {
  const said = [ERROR_CODE, ERROR_MESSAGE].filter((text) => text !== undefined);
  return said.length === 0 ? "" : ` (${said.join(": ")})`;
}

function add(recording: Recording, { failed, counts }: Recording): void {
  recording.failed.push(...failed);
  for (const [metric, times] of Object.entries(counts)) count(recording.counts, metric, times);
}

function count(counts: BatchCounts, metric: string, times = 1): void {
  counts[metric] = (counts[metric] ?? 0) + times;
}
