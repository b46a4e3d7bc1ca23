import { SendMessageBatchCommand } from "@aws-sdk/client-sqs";
import {
  maxMessageBytes,
  toUnpublishedMessage,
  toUnpublishedPointer,
  unpublishedBodies,
} from "../../../aws-shared/index.ts";
import type { DeadLetter } from "../../../engine/delivery.ts";
import { BusError } from "../../../error/bus-error.ts";
import { toBusErrorOfAws } from "../aws-error.ts";
import type { AwsDependencies } from "../dependencies.ts";
import { BatchSender } from "./batch-sender.ts";
import type { BatchTarget } from "./batch-target.ts";
import { mayBeOneEntry } from "./put-events.ts";

type DeadLetterQueueDependencies = Pick<AwsDependencies, "config" | "clients" | "clock" | "random">;

/** Few: it is for what fails, and its Lambda is in no hurry. */
const maxRequests = 8;
/** The publish that failed has been tried for half a minute; its caller should not wait as long again. */
const retryBudget = { attempts: 5, forMs: 10_000 };

/** A message that waits. */
interface Sending {
  readonly message: string;
  readonly resolve: () => void;
  readonly reject: (error: BusError) => void;
}

/** The publisher's dead-letter queue. `record-dead-letter` brings what is in it to the dead letters. */
export class DeadLetterQueue {
  readonly #dependencies: DeadLetterQueueDependencies;
  readonly #sender: BatchSender<Sending, string>;

  constructor(dependencies: DeadLetterQueueDependencies) {
    this.#dependencies = dependencies;
    this.#sender = new BatchSender(queueTarget(dependencies), retryBudget, dependencies);
  }

  /** Resolves once the queue has it. Rejects with the error of the last attempt. */
  async send(deadLetter: DeadLetter): Promise<void> {
    const message = toUnpublishedMessage(deadLetter);
    const small = Buffer.byteLength(message) <= maxMessageBytes ? message : await this.#putBody(deadLetter.id, message);
    await new Promise<void>((resolve, reject) => this.#sender.add({ message: small, resolve, reject }, false));
  }

  /** An event nearly as large as a message does not fit into one together with its reason. */
  async #putBody(id: string, message: string): Promise<string> {
    const { clients, config } = this.#dependencies;
    const key = `${unpublishedBodies}${id}`;
    try {
      const s3 = await clients.s3();
      const { PutObjectCommand } = await import("../s3.ts");
      const body = { Bucket: config.bodiesBucket, Key: key, Body: message, ContentType: "application/json" };
      await s3.send(new PutObjectCommand(body));
    } catch (thrown) {
      throw toBusErrorOfAws(thrown, `bucket ${config.bodiesBucket}`);
    }
    return toUnpublishedPointer(key);
  }
}

function queueTarget({ clients, config }: DeadLetterQueueDependencies): BatchTarget<Sending, string> {
  const QueueUrl = config.publisherDeadLetterQueueUrl;
  const what = `queue ${QueueUrl}`;
  return {
    maxBytes: maxMessageBytes,
    maxRequests,
    entryOf: ({ message }) => message,
    bytesOf: (message) => Buffer.byteLength(message),
    send: async (messages) => {
      const Entries = messages.map((MessageBody, index) => ({ Id: String(index), MessageBody }));
      try {
        const { Successful = [], Failed = [] } = await clients.sqs.send(
          new SendMessageBatchCommand({ QueueUrl, Entries }),
        );
        const sent = new Set(Successful.map(({ Id }) => Id));
        const failed = new Map(Failed.map((failure) => [failure.Id, failure]));
        return Entries.map(({ Id }) => {
          if (sent.has(Id)) return undefined;
          const { Code = "no answer", Message = "no message", SenderFault = false } = failed.get(Id) ?? {};
          return new BusError("unavailable", `${what}: ${Code}: ${Message}`, { retryable: !SenderFault });
        });
      } catch (thrown) {
        throw toBusErrorOfAws(thrown, what);
      }
    },
    mayBeOneEntry,
    ended: ({ resolve, reject }, givenUp) => (givenUp === undefined ? resolve() : reject(givenUp.error)),
  };
}
