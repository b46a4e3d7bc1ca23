import { acceptedAt, metricNames } from "../aws-shared/index.ts";
import { invalidEventDeadLetter, openMessage } from "../engines/aws/dead-letters/invalid-event.ts";
import type { AwsDependencies, DeadLetterTable, HistoryTable, ToRecord } from "../engines/aws/dependencies.ts";
import { type BusError, type BusErrorCode, toBusError } from "../error/bus-error.ts";
import type { Event } from "../event/event.ts";
import type { BatchCounts } from "./batch-run.ts";
import { errorFields } from "./function-dependencies.ts";
import type { BatchMessage } from "./queue-batch.ts";

/** What a recorder made of a batch. */
export interface Recording {
  /** Ids of messages that could not be recorded. */
  readonly failed: string[];
  readonly counts: BatchCounts;
  /** What belongs to a subscription, by its name; absent where nothing does. */
  ofSubscriptions?: Record<string, BatchCounts>;
}

/** What stays as it is however often it is tried: the event becomes a dead letter with this reason. */
const hopeless: ReadonlySet<BusErrorCode> = new Set(["invalid_event", "unknown_type", "event_too_large", "conflict"]);

/** Records batches of events in history. */
export class HistoryRecorder {
  readonly #dependencies: AwsDependencies;
  readonly #history: Pick<HistoryTable, "record">;
  readonly #deadLetters: Pick<DeadLetterTable, "put">;

  constructor(
    dependencies: AwsDependencies,
    history: Pick<HistoryTable, "record">,
    deadLetters: Pick<DeadLetterTable, "put">,
  ) {
    this.#dependencies = dependencies;
    this.#history = history;
    this.#deadLetters = deadLetters;
  }

  /** Records what is to be recorded, makes a dead letter of what is not a valid event, and says what could not be kept. */
  async record(messages: readonly BatchMessage[]): Promise<Recording> {
    const { catalog } = this.#dependencies;
    const recording: Recording = { failed: [], counts: {} };
    const wanted: { message: BatchMessage; entry: ToRecord }[] = [];
    const refused: Promise<void>[] = [];
    for (const message of messages) {
      const opened = openMessage(message.body, message.sentMs, catalog);
      if (!opened.ok) refused.push(this.#refuse(message, opened.event, opened.error, recording));
      else if (!isRepeated(message) && catalog.get(opened.event.type)?.history !== false) {
        const { event } = opened;
        wanted.push({ message, entry: { event, acceptedAt: acceptedAt(event, message.sentMs) } });
      }
    }
    const failed = await this.#recordAll(wanted.map(({ entry }) => entry));
    for (const [index, { message, entry }] of wanted.entries()) {
      const error = failed.get(index);
      if (error === undefined) count(recording, metricNames.recorded);
      else if (hopeless.has(error.code)) refused.push(this.#refuse(message, entry.event, error, recording));
      else this.#failed(message, error, recording);
    }
    await Promise.all(refused);
    return recording;
  }

  /** The error of each entry that is not recorded. */
  async #recordAll(entries: readonly ToRecord[]): Promise<ReadonlyMap<number, BusError>> {
    if (entries.length === 0) return new Map();
    try {
      const { failed } = await this.#history.record(entries);
      return new Map(failed.map(({ index, error }) => [index, error]));
    } catch (thrown) {
      const error = toBusError(thrown);
      return new Map(entries.map((_, index) => [index, error]));
    }
  }

  async #refuse(message: BatchMessage, event: Event, error: BusError, recording: Recording): Promise<void> {
    const { clock, logger } = this.#dependencies;
    const deadLetter = invalidEventDeadLetter({ ok: false, event, error }, message.sentMs, clock.now());
    try {
      await this.#deadLetters.put(deadLetter);
    } catch (thrown) {
      this.#failed(message, toBusError(thrown), recording);
      return;
    }
    count(recording, metricNames.deadLetters);
    const { type, source, id } = event;
    logger.warn("event is a dead letter", {
      deadLetterId: deadLetter.id,
      eventId: id,
      type,
      source,
      ...errorFields(error),
    });
  }

  #failed(message: BatchMessage, error: BusError, recording: Recording): void {
    count(recording, metricNames.recordErrors);
    recording.failed.push(message.id);
    this.#dependencies.logger.error("event could not be recorded", { messageId: message.id, ...errorFields(error) });
  }
}

/**
 * A replayed or redriven delivery has been in history since it was published. What the handler of a replayed one publishes
 * carries the mark on, and is new.
 */
function isRepeated({ replayId, redrivenFrom }: BatchMessage): boolean {
  return replayId !== undefined || redrivenFrom !== undefined;
}

function count({ counts }: Recording, metric: string): void {
  counts[metric] = (counts[metric] ?? 0) + 1;
}
