import { messageGroupPath, sharedGroup } from "../../../aws-shared/index.ts";
import { openMessage } from "../dead-letters/invalid-event.ts";
import type { AwsDependencies, QueueMessage } from "../dependencies.ts";
import { groupOf, type QueueEntry } from "../enqueue/queue-entry.ts";
import { sendAll } from "../enqueue/send.ts";

/** A message of a FIFO queue, and its message group. */
export interface GroupedMessage {
  readonly message: QueueMessage;
  readonly group: string | undefined;
}

/** A message that is to go on to the group of its key. */
export interface MisplacedMessage<Message> {
  readonly message: Message;
  readonly entry: QueueEntry;
  readonly to: string;
}

export interface SortedMessages<Message> {
  readonly placed: readonly Message[];
  readonly misplaced: readonly MisplacedMessage<Message>[];
  /** Those of the misplaced whose group is the text of the path that EventBridge was told to read. */
  readonly ofPath: number;
}

export type RegrouperDependencies = Pick<AwsDependencies, "catalog" | "clients" | "logger" | "random">;

/** The queue of an ordered subscription. */
export interface OrderedQueue {
  readonly subscription: string;
  readonly queueUrl: string;
  readonly ordered: string;
}

/**
 * Moves the messages of an ordered subscription that came in one group for all keys to the groups of their keys, at the end of
 * the same queue: a rule sends all events as one group, because EventBridge does not promise to read a key from an event. One
 * group is received by one consumer at a time and in order, so those of a key stay in order; and no key waits for another.
 *
 * A message is deleted once it was sent. After a crash in between it is sent again: SQS drops that within five minutes, as the
 * body is the same, and later the deliveries table knows that the delivery has succeeded.
 */
export class Regrouper {
  readonly #dependencies: RegrouperDependencies;
  readonly #queue: OrderedQueue;
  readonly #path: string;
  #warned = false;

  constructor(dependencies: RegrouperDependencies, queue: OrderedQueue) {
    this.#dependencies = dependencies;
    this.#queue = queue;
    this.#path = messageGroupPath(queue.ordered);
  }

  /** Tells messages that are in the group of their key from those that are to be moved there, both in order. */
  sort<Message>(messages: readonly Message[], of: (message: Message) => GroupedMessage): SortedMessages<Message> {
    const [placed, misplaced]: [Message[], MisplacedMessage<Message>[]] = [[], []];
    for (const message of messages) {
      const to = this.#rightGroup(of(message));
      if (to === undefined) placed.push(message);
      else misplaced.push({ message, to, entry: toGroup(of(message).message.body, to) });
    }
    const ofPath = misplaced.filter(({ message }) => of(message).group === this.#path).length;
    if (ofPath > 0) this.#warnOnce();
    return { placed, misplaced, ofPath };
  }

  /** Resolves once all are sent, those of each key in order. Rejects where one could not be sent; then others may have been. */
  async move(misplaced: readonly MisplacedMessage<unknown>[]): Promise<void> {
    // One of each key in a request: where SQS refuses one of a request, those after it would overtake it.
    const rounds: QueueEntry[][] = [];
    const sent = new Map<string, number>();
    for (const { entry, to } of misplaced) {
      const round = sent.get(to) ?? 0;
      sent.set(to, round + 1);
      rounds[round] ??= [];
      rounds[round].push(entry);
    }
    for (const round of rounds) await sendAll(this.#dependencies, { ...this.#queue, fifo: true }, round);
  }

  #warnOnce(): void {
    if (this.#warned) return;
    this.#warned = true;
    this.#dependencies.logger.warn(
      'EventBridge does not read the ordering key, so this consumer moves messages to the groups of their keys; deploy with messageGroups: "consumer"',
      { subscription: this.#queue.subscription },
    );
  }

  /** Undefined where the message is in its group, or goes to none: what holds no event becomes a dead letter where it is. */
  #rightGroup({ message, group }: GroupedMessage): string | undefined {
    if (group !== sharedGroup && group !== this.#path) return undefined;
    const opened = openMessage(message.body, message.sentMs, this.#dependencies.catalog);
    if (!opened.ok) return undefined;
    const right = groupOf(opened.event, this.#queue.ordered);
    // A key may have the very text.
    return right === group ? undefined : right;
  }
}

/** The body as it came: by it SQS knows a message that was sent before. */
function toGroup(body: string, group: string): QueueEntry {
  return { bytes: Buffer.byteLength(body), entry: { MessageBody: body, MessageGroupId: group } };
}
