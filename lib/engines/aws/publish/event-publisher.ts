import { deadLetterOfUnpublished } from "../../../delivery/dead-letter.ts";
import type { DeadLetter, Failure } from "../../../engine/delivery.ts";
import { busClosed } from "../../../engine/errors.ts";
import type { Appended, Entry } from "../../../engine/event-log.ts";
import { BusError, toBusError } from "../../../error/bus-error.ts";
import type { Event } from "../../../event/event.ts";
import { formatTime } from "../../../event/time.ts";
import type { AwsDependencies } from "../dependencies.ts";
import { BatchSender } from "./batch-sender.ts";
import type { GivenUp } from "./batch-target.ts";
import { DeadLetterQueue } from "./dead-letter-queue.ts";
import { type BusEntry, busTarget } from "./put-events.ts";

/** What the publisher needs of the engine. */
export type EventPublisherDependencies = Pick<AwsDependencies, "config" | "clients" | "clock" | "random" | "nextId">;

/** With the delays between them ten attempts take 20 s; where they hang, 30 s end it. */
const retryBudget = { attempts: 10, forMs: 30_000 };

/**
 * Brings events to the bus, and what cannot be brought there to the publisher's dead-letter queue. At least once: an event
 * whose answer was lost is sent again, with the same id.
 */
export interface EventPublisher {
  /**
   * Resolves once EventBridge has the event; waits while it is slow or throttles. Never a duplicate: EventBridge knows no
   * ids. `throttled`, `unavailable` and `invalid_event` (refused by EventBridge) after the last attempt, and then
   * `details.deadLetterId` names it in the publisher's dead-letter queue, or the message says that this failed as well.
   * `event_too_large` and `closed`: never sent, and no dead letter.
   */
  publish(entry: Entry): Promise<Appended>;
  /** Calls back, once for each, with what EventBridge has taken, before who published it knows; the last listener counts. */
  onAccepted(listener: (event: Event) => void): void;
  /** Sends the dead letter of an event that was never published to the publisher's dead-letter queue. */
  addDeadLetter(deadLetter: DeadLetter): Promise<void>;
  /** Takes nothing more; resolves when all that was taken is accepted or reported. */
  close(): Promise<void>;
}

/** A publisher over the clients of this process, which stay open when it closes. */
export function createEventPublisher(dependencies: EventPublisherDependencies): EventPublisher {
  return new BatchingPublisher(dependencies);
}

/** One publish that waits. Thousands may, so it is no more than what settles it. */
interface Publishing {
  readonly event: Event;
  readonly resolve: (appended: Appended) => void;
  readonly reject: (error: BusError) => void;
}

class BatchingPublisher implements EventPublisher {
  readonly #dependencies: EventPublisherDependencies;
  readonly #sender: BatchSender<Publishing, BusEntry>;
  readonly #deadLetters: DeadLetterQueue;
  readonly #reports = new Set<Promise<unknown>>();
  #closed = false;
  #listener: ((event: Event) => void) | undefined;

  constructor(dependencies: EventPublisherDependencies) {
    this.#dependencies = dependencies;
    const target = busTarget<Publishing>(dependencies.clients.events, dependencies.config, (...ended) =>
      this.#settle(...ended),
    );
    this.#sender = new BatchSender(target, retryBudget, dependencies);
    this.#deadLetters = new DeadLetterQueue(dependencies);
  }

  publish({ event, inHandler }: Entry): Promise<Appended> {
    if (this.#closed) return Promise.reject(busClosed());
    return new Promise((resolve, reject) => this.#sender.add({ event, resolve, reject }, inHandler));
  }

  onAccepted(listener: (event: Event) => void): void {
    this.#listener = listener;
  }

  addDeadLetter(deadLetter: DeadLetter): Promise<void> {
    return this.#track(this.#deadLetters.send(deadLetter));
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#sender.idle();
    await Promise.allSettled(this.#reports);
  }

  #settle({ event, resolve, reject }: Publishing, givenUp: GivenUp | undefined): void {
    if (givenUp === undefined) {
      this.#listener?.(event);
      resolve({ event, duplicate: false });
    } else void this.#track(this.#report(event, givenUp).then(reject));
  }

  /** The error for the caller, once its dead letter lies in the queue, or could not be sent there either. */
  async #report(event: Event, { error, attempts, failures, since }: GivenUp): Promise<BusError> {
    const last = failures.at(-1);
    if (last === undefined) return error;
    const deadLetter = deadLetterOfUnpublished(event, failureOf(last), {
      id: this.#dependencies.nextId(),
      acceptedAt: since,
      deadAt: this.#dependencies.clock.now(),
      failures: failures.map(failureOf),
      attempts,
    });
    const what = `${event.type} (${event.id}) was not published, attempts made: ${attempts}: ${error.message}`;
    const details = { ...error.details, id: event.id, type: event.type, attempts };
    const { retryable } = error;
    try {
      await this.#deadLetters.send(deadLetter);
    } catch (thrown) {
      const also = toBusError(thrown).message;
      return new BusError(
        error.code,
        `${what}; and its dead letter could not be sent: ${also}; nobody has the event but you`,
        { cause: error, retryable, details: { ...details, deadLetterError: also } },
      );
    }
    return new BusError(error.code, `${what}; it is dead letter ${deadLetter.id}`, {
      cause: error,
      retryable,
      details: { ...details, deadLetterId: deadLetter.id },
    });
  }

  async #track<Result>(report: Promise<Result>): Promise<Result> {
    this.#reports.add(report);
    try {
      return await report;
    } finally {
      this.#reports.delete(report);
    }
  }
}

/** Stacks of the SDK tell nothing of the event; messages of a service are short. */
function failureOf({ error, at, attempt }: GivenUp["failures"][number]): Failure {
  return { code: error.code, message: error.message, at: formatTime(at), attempt };
}
