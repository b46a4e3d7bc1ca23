import type {
  ChangeMessageVisibilityBatchCommandInput,
  DeleteMessageBatchCommandInput,
  Message,
  ReceiveMessageCommandInput,
  SendMessageBatchRequestEntry,
} from "@aws-sdk/client-sqs";
import type { SimulatedProcess, World } from "../world/world.ts";

/** Of the receives of a standard queue, those that leave a message in sight that they give. */
const shareDoubled = 0.02;
/** Milliseconds within which a FIFO queue keeps one of two messages with the same deduplication id. */
const dedupeMs = 300_000;

interface Queued {
  readonly id: string;
  readonly sentMs: number;
  readonly entry: Omit<SendMessageBatchRequestEntry, "Id">;
  /** Virtual milliseconds before which nobody sees it. */
  visibleAt: number;
  received: number;
}

/** A queue of SQS: at least once, in no order; a FIFO queue in order within a group, of which one is out at a time. */
export class Queue {
  readonly #world: World;
  readonly #fifo: boolean;
  readonly #messages = new Map<string, Queued>();
  readonly #sent = new Map<string, number>();
  #waiting: (() => void)[] = [];
  #count = 0;

  constructor(world: World, fifo: boolean) {
    this.#world = world;
    this.#fifo = fifo;
  }

  get size(): number {
    return this.#messages.size;
  }

  get depths(): { waiting: number; hidden: number } {
    const hidden = [...this.#messages.values()].filter(({ visibleAt }) => visibleAt > this.#world.exact()).length;
    return { waiting: this.#messages.size - hidden, hidden };
  }

  send(entry: Omit<SendMessageBatchRequestEntry, "Id">): void {
    const now = this.#world.now();
    const { MessageDeduplicationId: dedupe } = entry;
    if (dedupe !== undefined) {
      if (now - (this.#sent.get(dedupe) ?? Number.NEGATIVE_INFINITY) < dedupeMs) return;
      this.#sent.set(dedupe, now);
    }
    this.#count += 1;
    const id = `message-${this.#count}`;
    this.#messages.set(id, { id, sentMs: now, entry, visibleAt: 0, received: 0 });
    this.#wake();
  }

  /** Waits for messages as a long poll does. */
  async receive(input: ReceiveMessageCommandInput, process: SimulatedProcess): Promise<Message[]> {
    const { MaxNumberOfMessages = 1, VisibilityTimeout = 30, WaitTimeSeconds = 0 } = input;
    let over = false;
    const timer = process.setTimer(() => {
      over = true;
      this.#wake();
    }, WaitTimeSeconds * 1_000);
    try {
      for (;;) {
        const found = this.#take(MaxNumberOfMessages, VisibilityTimeout * 1_000);
        if (found.length > 0 || over) return found;
        await new Promise<void>((resolve) => this.#waiting.push(resolve));
        // What waited in a process that is gone takes nothing.
        if (process.crashed) return new Promise(() => {});
      }
    } finally {
      timer.cancel();
    }
  }

  delete({ Entries = [] }: DeleteMessageBatchCommandInput): object {
    for (const { ReceiptHandle = "" } of Entries) this.#messages.delete(idOf(ReceiptHandle));
    if (this.#fifo) this.#wake();
    return { Successful: Entries.map(({ Id }) => ({ Id })), Failed: [] };
  }

  change({ Entries = [] }: ChangeMessageVisibilityBatchCommandInput): object {
    const Failed: object[] = [];
    for (const { Id, ReceiptHandle = "", VisibilityTimeout = 0 } of Entries) {
      const message = this.#messages.get(idOf(ReceiptHandle));
      if (message === undefined || message.visibleAt <= this.#world.exact()) {
        Failed.push({ Id, Code: "MessageNotInflight", Message: "it is not hidden", SenderFault: true });
      } else this.#hide(message, VisibilityTimeout * 1_000);
    }
    return { Successful: [], Failed };
  }

  #take(most: number, hiddenMs: number): Message[] {
    return this.#visible(most).map((message) => {
      message.received += 1;
      const isDoubled = !this.#fifo && this.#world.random.chance(shareDoubled);
      if (!isDoubled) this.#hide(message, hiddenMs);
      const { MessageAttributes, MessageBody, MessageGroupId } = message.entry;
      return {
        MessageId: message.id,
        ReceiptHandle: `${message.id} ${message.received}`,
        Body: MessageBody,
        Attributes: {
          SentTimestamp: String(message.sentMs),
          ApproximateReceiveCount: String(message.received),
          ...(MessageGroupId === undefined ? {} : { MessageGroupId }),
        },
        ...(MessageAttributes === undefined ? {} : { MessageAttributes }),
      };
    });
  }

  #visible(most: number): Queued[] {
    const now = this.#world.exact();
    const messages = [...this.#messages.values()];
    if (!this.#fifo) {
      const visible = messages.filter(({ visibleAt }) => visibleAt <= now);
      for (let at = visible.length - 1; at > 0; at -= 1) {
        const other = this.#world.random.below(at + 1);
        const [one, two] = [visible[at], visible[other]];
        if (one !== undefined && two !== undefined) [visible[at], visible[other]] = [two, one];
      }
      return visible.slice(0, most);
    }
    const out = new Set(messages.flatMap(({ entry, visibleAt }) => (visibleAt > now ? entry.MessageGroupId : [])));
    return messages.filter(({ entry }) => !out.has(entry.MessageGroupId)).slice(0, most);
  }

  #hide(message: Queued, ms: number): void {
    message.visibleAt = this.#world.exact() + ms;
    if (ms <= 0) this.#wake();
    else this.#world.add(message.visibleAt, "queue", () => this.#wake());
  }

  #wake(): void {
    for (const look of this.#waiting.splice(0)) look();
  }
}

function idOf(receipt: string): string {
  return receipt.split(" ")[0] ?? "";
}
