import { metricNames } from "../aws-shared/index.ts";
import type { AttemptCounts, AttemptsDependencies, HandlerSettings } from "../delivery/attempts.ts";
import { toBusErrorOfAws } from "../engines/aws/aws-error.ts";
import type { MessageQueue } from "../engines/aws/consume/message-queue.ts";
import type { MisplacedMessage, Regrouper, SortedMessages } from "../engines/aws/consume/regrouper.ts";
import { processMessage } from "../engines/aws/deliveries/process-message.ts";
import type { DeliveryTable, MessageAction, SkipReason } from "../engines/aws/dependencies.ts";
import type { SubscriptionRecord } from "../subscription/subscription.ts";
import type { InvocationTime } from "./invocation-time.ts";
import type { BatchMessage } from "./queue-batch.ts";
import { type RunTime, runDelivery } from "./run-delivery.ts";

/** What a batch is run with. */
export interface BatchDependencies<Events> {
  readonly attempts: AttemptsDependencies<Events>;
  readonly record: SubscriptionRecord;
  readonly handler: HandlerSettings;
  readonly deliveries: Pick<DeliveryTable, "claim" | "settle">;
  readonly queue: Pick<MessageQueue, "hide" | "delete" | "flush">;
  /** Of an ordered subscription. */
  readonly regrouper?: Pick<Regrouper, "move" | "sort"> | undefined;
  readonly time: InvocationTime;
}

/**
 * What becomes of a message: `failed` where its delivery could not be claimed or settled. It then stays hidden for as long as
 * its queue says, which outlasts the function and so its lease.
 */
type Action = MessageAction | { readonly kind: "failed" };

const back: Action = { kind: "later", afterMs: 0 };

/** How often what happened to the messages of one batch. */
export type BatchCounts = Record<string, number>;

/** Before messages that could not be moved to the groups of their keys are seen again. */
const unmovedMs = 2_000;

/**
 * The messages of one invocation. Those of one message group go one after another, and once one of them stays, those after
 * it go back; all others run at once.
 */
export class BatchRun<Events> {
  readonly counts: BatchCounts = {};
  readonly #dependencies: BatchDependencies<Events>;
  readonly #messages: readonly BatchMessage[];
  readonly #actions = new Map<BatchMessage, Action>();
  readonly #begun = new Set<BatchMessage>();

  constructor(dependencies: BatchDependencies<Events>, messages: readonly BatchMessage[]) {
    this.#dependencies = dependencies;
    this.#messages = messages;
  }

  /** Gives the ids of the messages that go back. Does not resolve while a handler runs. */
  async run(): Promise<string[]> {
    const { attempts, queue, record, time } = this.#dependencies;
    const { clock } = attempts;
    const flushTimer = clock.setTimer(() => this.#flushBeforeTimeout(), time.untilFlushMs);
    try {
      const { placed, misplaced } = this.#sort();
      const lanes = lanesOf(placed).values();
      const width = Math.min(record.concurrency, placed.length);
      await Promise.all([this.#regroup(misplaced), ...Array.from({ length: width }, () => this.#work(lanes))]);
      await queue.flush();
    } finally {
      clock.clearTimer(flushTimer);
    }
    return this.#messages.filter((message) => this.#actions.get(message)?.kind !== "delete").map(({ id }) => id);
  }

  #sort(): Pick<SortedMessages<BatchMessage>, "misplaced" | "placed"> {
    const { regrouper } = this.#dependencies;
    const sorted = regrouper?.sort(this.#messages, (message) => ({ message, group: message.groupId }));
    if (sorted === undefined) return { placed: this.#messages, misplaced: [] };
    this.#count(metricNames.pathGroups, sorted.ofPath);
    return sorted;
  }

  /** Moves messages to the groups of their keys. Those that could not be moved come again, in order. */
  async #regroup(misplaced: readonly MisplacedMessage<BatchMessage>[]): Promise<void> {
    const { attempts, queue, record, regrouper } = this.#dependencies;
    if (regrouper === undefined || misplaced.length === 0) return;
    const { logger } = attempts;
    const messages = misplaced.map(({ message }) => message);
    let action: Action = { kind: "delete" };
    try {
      await regrouper.move(misplaced);
      // At once, not with the batch: nothing else of their group is received while a handler of the batch runs.
      for (const { receiptHandle } of messages) queue.delete(receiptHandle);
    } catch (thrown) {
      const { code, retryable } = toBusErrorOfAws(thrown, `subscription ${record.name}`);
      logger.error("messages could not be moved to the groups of their keys", { code, retryable });
      action = { kind: "later", afterMs: unmovedMs };
    }
    for (const message of messages) this.#settled(message, action);
  }

  /** Takes one lane after another from those that are left. */
  async #work(lanes: IterableIterator<readonly BatchMessage[]>): Promise<void> {
    let first = true;
    for (const lane of lanes) {
      let stays = false;
      for (const message of lane) {
        const { timeout } = this.#dependencies.record;
        const time = first ? this.#dependencies.time.first(timeout) : this.#dependencies.time.later(timeout);
        first = false;
        const action: Action = stays || time === undefined ? back : await this.#handle(message, time);
        stays ||= action.kind !== "delete";
        this.#settled(message, action);
      }
    }
  }

  async #handle(message: BatchMessage, time: RunTime): Promise<Action> {
    const { attempts, deliveries, handler, record } = this.#dependencies;
    const { logger } = attempts;
    this.#begun.add(message);
    const processed = await processMessage(message, {
      deliveries,
      record,
      leaseMs: this.#dependencies.time.leaseMs,
      run: async (delivery) => {
        const { end, counts } = await runDelivery(delivery, { attempts, handler, record, time });
        this.#add(counts);
        return end;
      },
    });
    if (processed.kind === "settled") return processed.action;
    if (processed.kind === "skipped") {
      this.#count(countOf[processed.why]);
      logger.debug("message was not run", { messageId: message.id, why: processed.why });
      return processed.action;
    }
    const { code, retryable } = processed.error;
    logger.error("the deliveries table could not be read or written", { messageId: message.id, code, retryable });
    return { kind: "failed" };
  }

  #settled(message: BatchMessage, action: Action): void {
    this.#actions.set(message, action);
    // At once, not with the batch: another message of it may run for long.
    if (action.kind === "later") this.#dependencies.queue.hide(message.receiptHandle, action.afterMs);
  }

  /**
   * A handler ignores its abort, so that Lambda will end the function and hear nothing of the batch. What is done is deleted
   * here, what runs comes again as soon as it cannot run any more, and the rest at once.
   */
  #flushBeforeTimeout(): void {
    const { attempts, queue, time } = this.#dependencies;
    for (const message of this.#messages) {
      const action = this.#actions.get(message);
      if (action?.kind === "delete") queue.delete(message.receiptHandle);
      else if (action === undefined) {
        queue.hide(message.receiptHandle, this.#begun.has(message) ? time.leaseMs : 0);
      }
    }
    attempts.logger.error("a handler ignores its abort until Lambda ends the function; have it watch `signal`", {
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
  delayed: undefined,
  retryLater: undefined,
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
