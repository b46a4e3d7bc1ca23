import {
  type BatchResultErrorEntry,
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  ReceiveMessageCommand,
} from "@aws-sdk/client-sqs";
import { BusError } from "../../../error/bus-error.ts";
import type { Clock } from "../../../runtime/clock.ts";
import { toBusErrorOfAws } from "../aws-error.ts";
import { longPoll } from "../clients.ts";
import type { AwsDependencies } from "../dependencies.ts";
import { Batches } from "./batches.ts";
import { askedAttributes, type Received, readReceived } from "./received.ts";

/**
 * How SQS says that a message is not hidden for this receipt any more: it was deleted while a heartbeat was on its way, or
 * shown again. Its delivery has the say either way.
 */
const gone: ReadonlySet<string | undefined> = new Set([
  "InvalidParameterValue",
  "MessageNotInflight",
  "ReceiptHandleIsInvalid",
]);

/** The longest that SQS hides a message. */
const longestHiddenSeconds = 12 * 3_600;

/** One queue as a consumer sees it. */
export class MessageQueue {
  readonly #dependencies: Pick<AwsDependencies, "clients" | "clock" | "onError">;
  readonly #url: string;
  readonly #deletes: Batches<string>;
  readonly #changes: Batches<{ receipt: string; seconds: number }>;
  /** Messages that are to come back in less than a second. */
  readonly #soon = new Set<{ timer: ReturnType<Clock["setTimer"]>; receipt: string }>();

  constructor(dependencies: Pick<AwsDependencies, "clients" | "clock" | "onError">, url: string) {
    this.#dependencies = dependencies;
    this.#url = url;
    this.#deletes = new Batches((receipts) => this.#delete(receipts));
    this.#changes = new Batches((entries) => this.#change(entries));
  }

  /** Waits for messages for up to 20 s, and hides what comes for `hiddenMs`. */
  async receive(most: number, hiddenMs: number, signal: AbortSignal): Promise<Received[]> {
    const { clients, clock } = this.#dependencies;
    const { Messages = [] } = await clients.sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: this.#url,
        MaxNumberOfMessages: most,
        WaitTimeSeconds: longPoll.waitSeconds,
        VisibilityTimeout: hiddenSeconds(hiddenMs),
        MessageSystemAttributeNames: [...askedAttributes.MessageSystemAttributeNames],
        MessageAttributeNames: [...askedAttributes.MessageAttributeNames],
      }),
      { ...longPoll.sendOptions, abortSignal: signal },
    );
    return Messages.flatMap((message) => readReceived(message, clock.now()) ?? []);
  }

  delete(receipt: string): void {
    this.#deletes.add(receipt);
  }

  /** Keeps a message out of sight for so long from now, or a little longer: SQS knows whole seconds. */
  hide(receipt: string, ms: number): void {
    this.#changes.add({ receipt, seconds: hiddenSeconds(ms) });
  }

  /** Gives a message back, to be seen again after so long. Less than a second is waited for here. */
  giveBack(receipt: string, afterMs: number): void {
    if (afterMs <= 0 || afterMs >= 1_000) {
      this.hide(receipt, Math.max(0, afterMs));
      return;
    }
    const show = () => {
      this.#soon.delete(entry);
      this.hide(receipt, 0);
    };
    const entry = { receipt, timer: this.#dependencies.clock.setTimer(show, afterMs, { keepAlive: true }) };
    this.#soon.add(entry);
  }

  /** Resolves once all that was asked for is sent; what was to come back soon comes back at once. */
  async flush(): Promise<void> {
    for (const { receipt, timer } of this.#soon) {
      this.#dependencies.clock.clearTimer(timer);
      this.hide(receipt, 0);
    }
    this.#soon.clear();
    await Promise.all([this.#deletes.idle(), this.#changes.idle()]);
  }

  #delete(receipts: readonly string[]): Promise<void> {
    const Entries = receipts.map((ReceiptHandle, index) => ({ Id: String(index), ReceiptHandle }));
    return this.#tell("deleted", async () => {
      const command = new DeleteMessageBatchCommand({ QueueUrl: this.#url, Entries });
      return this.#dependencies.clients.sqs.send(command);
    });
  }

  #change(entries: readonly { receipt: string; seconds: number }[]): Promise<void> {
    const Entries = entries.map(({ receipt, seconds }, index) => {
      return { Id: String(index), ReceiptHandle: receipt, VisibilityTimeout: seconds };
    });
    return this.#tell("hidden or given back", async () => {
      const command = new ChangeMessageVisibilityBatchCommand({ QueueUrl: this.#url, Entries });
      return this.#dependencies.clients.sqs.send(command);
    });
  }

  /** A message that stays comes again, and its delivery says what to do with it: nothing is lost, and nothing run twice. */
  async #tell(what: string, send: () => Promise<{ Failed?: BatchResultErrorEntry[] | undefined }>): Promise<void> {
    try {
      const { Failed = [] } = await send();
      const [first, ...others] = Failed.filter(({ Code }) => !gone.has(Code));
      if (first === undefined) return;
      const details = { queue: this.#url, code: first.Code };
      throw new BusError(
        "unavailable",
        `queue ${this.#url}: ${1 + others.length} messages could not be ${what} (${first.Code}: ${first.Message}); they come again`,
        { details },
      );
    } catch (thrown) {
      this.#dependencies.onError(toBusErrorOfAws(thrown, `queue ${this.#url}`));
    }
  }
}

function hiddenSeconds(ms: number): number {
  return Math.min(longestHiddenSeconds, Math.ceil(ms / 1_000));
}
