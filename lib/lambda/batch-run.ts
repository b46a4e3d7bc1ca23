import { metricNames } from "../aws-shared/index.ts";
import type { AttemptCounts } from "../delivery/attempts.ts";
import type { RunnerDependencies } from "../delivery/runner.ts";
import type { MessageQueue } from "../engines/aws/consume/message-queue.ts";
import type { DeliveryStore, MessageAction, SkipReason } from "../engines/aws/dependencies.ts";
import { toBusError } from "../error/bus-error.ts";
import type { Logger } from "../runtime/logger.ts";
import type { SubscriptionRecord } from "../subscription/subscription.ts";
import type { InvocationTime } from "./invocation-time.ts";
import type { BatchMessage } from "./queue-batch.ts";
import { type AnyHandler, type RunTime, runDelivery } from "./run-delivery.ts";

/** What a batch is run with. */
export interface BatchDependencies<Events> {
  readonly host: Omit<RunnerDependencies<Events>, "engine">;
  readonly record: SubscriptionRecord;
  readonly handler: AnyHandler;
  readonly deliveries: Pick<DeliveryStore, "open" | "settle">;
  readonly queue: Pick<MessageQueue, "hide" | "delete" | "flush">;
  readonly time: InvocationTime;
  readonly logger: Logger;
}

/** What becomes of a message: `lost` where its delivery could not be opened or settled, so that it has to come again. */
type Action = MessageAction | { readonly kind: "lost" };

const back: Action = { kind: "later", afterMs: 0 };

/** How often what happened to the messages of one batch. */
export type BatchCounts = Record<string, number>;

/**
 * The messages of one invocation. Those of one message group go one after another, and once one of them stays, those behind
 * it go back; all others run at once.
 */
export class BatchRun<Events> {
  readonly counts: BatchCounts = {};
  readonly #parts: BatchDependencies<Events>;
  readonly #messages: readonly BatchMessage[];
  readonly #actions = new Map<BatchMessage, Action>();
  readonly #begun = new Set<BatchMessage>();

  constructor(parts: BatchDependencies<Events>, messages: readonly BatchMessage[]) {
    this.#parts = parts;
    this.#messages = messages;
  }

  /** Gives the ids of the messages that go back. Does not resolve while a handler runs. */
  async run(): Promise<string[]> {
    const { queue, record, host, time } = this.#parts;
    const flushTimer = host.clock.setTimer(() => this.#flushTimer(), time.untilFlushMs);
    try {
      const lanes = lanesOf(this.#messages).values();
      const width = Math.min(record.concurrency, this.#messages.length);
      await Promise.all(Array.from({ length: width }, () => this.#work(lanes)));
      await queue.flush();
    } finally {
      host.clock.clearTimer(flushTimer);
    }
    return this.#messages.filter((message) => this.#actions.get(message)?.kind !== "delete").map(({ id }) => id);
  }

  /** Takes one lane after another from those that are left. */
  async #work(lanes: IterableIterator<readonly BatchMessage[]>): Promise<void> {
    let first = true;
    for (const lane of lanes) {
      let stays = false;
      for (const message of lane) {
        const { timeout } = this.#parts.record;
        const time = first ? this.#parts.time.first(timeout) : this.#parts.time.later(timeout);
        first = false;
        const action: Action = stays || time === undefined ? back : await this.#handle(message, time);
        stays ||= action.kind !== "delete";
        this.#settled(message, action);
      }
    }
  }

  async #handle(message: BatchMessage, time: RunTime): Promise<Action> {
    const { deliveries, record, host, handler, logger } = this.#parts;
    this.#begun.add(message);
    try {
      const opened = await deliveries.open(message, record, { leaseMs: this.#parts.time.leaseMs });
      if ("action" in opened) {
        this.#count(countOf[opened.why]);
        logger.debug("message was not run", { messageId: message.id, why: opened.why });
        return opened.action;
      }
      const { outcome, counts } = await runDelivery(host, record, handler, opened.delivery, time);
      this.#add(counts);
      return await deliveries.settle(opened.delivery, record, outcome);
    } catch (thrown) {
      const { code, retryable } = toBusError(thrown);
      logger.error("the deliveries table could not be read or written", { messageId: message.id, code, retryable });
      return { kind: "lost" };
    }
  }

  #settled(message: BatchMessage, action: Action): void {
    this.#actions.set(message, action);
    // At once, not with the batch: another message of it may run for long.
    if (action.kind === "later") this.#parts.queue.hide(message.receiptHandle, action.afterMs);
  }

  /**
   * A handler ignores its abort, so that Lambda will end the function and hear nothing of the batch. What is done is deleted
   * here, what runs comes again as soon as it cannot run any more, and the rest at once.
   */
  #flushTimer(): void {
    const { queue, time, logger } = this.#parts;
    for (const message of this.#messages) {
      const action = this.#actions.get(message);
      if (action?.kind === "delete") queue.delete(message.receiptHandle);
      else if (action === undefined) {
        queue.hide(message.receiptHandle, this.#begun.has(message) ? time.leaseMs : 0);
      }
    }
    logger.error("a handler ignores its abort until Lambda ends the function; have it watch `signal`", {
      running: [...this.#begun].filter((message) => !this.#actions.has(message)).map(({ id }) => id),
    });
  }

  #add({ delivered, failed, retried, deadLettered, expired }: AttemptCounts): void {
    this.#count(metricNames.delivered, delivered);
    this.#count(metricNames.failed, failed);
    this.#count(metricNames.retried, retried);
    this.#count(metricNames.deadLettered, deadLettered);
    this.#count(metricNames.deadLetters, deadLettered);
    this.#count(metricNames.expired, expired);
  }

  #count(metric: string | undefined, times = 1): void {
    if (metric !== undefined && times > 0) this.counts[metric] = (this.counts[metric] ?? 0) + times;
  }
}

const countOf: Readonly<Record<SkipReason, string | undefined>> = {
  duplicate: undefined,
  busy: undefined,
  dead: undefined,
  invalid: metricNames.deadLetters,
  expired: metricNames.expired,
};

/** Messages that go one after another: those of one group; each of a standard queue is a lane of its own. */
function lanesOf(messages: readonly BatchMessage[]): BatchMessage[][] {
  const groups = new Map<string, BatchMessage[]>();
  for (const message of messages) {
    const key = message.groupId === undefined ? `id ${message.id}` : `group ${message.groupId}`;
    const lane = groups.get(key);
    if (lane === undefined) groups.set(key, [message]);
    else lane.push(message);
  }
  return [...groups.values()];
}
