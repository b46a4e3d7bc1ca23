import { createHash } from "node:crypto";
import { EventEmitter, once } from "node:events";
import * as z from "zod";
import type { Operations } from "./json-stub.ts";

interface Message {
  readonly body: string;
  readonly group: string | undefined;
  visible: boolean;
}

const receive = z.object({ MaxNumberOfMessages: z.number(), VisibilityTimeout: z.number() });
const batch = z.object({
  Entries: z.array(z.object({ Id: z.string(), ReceiptHandle: z.string(), VisibilityTimeout: z.number().optional() })),
});

const sent = z.object({
  Entries: z.array(z.object({ Id: z.string(), MessageBody: z.string(), MessageGroupId: z.string().optional() })),
});

/** One queue of SQS, without time: what is hidden stays so until the test, or a visibility of 0, shows it. */
export class StubQueue extends EventEmitter {
  readonly #messages = new Map<string, Message>();
  #count = 0;
  /** Every request, oldest first. */
  readonly requests: { readonly operation: string; readonly input: Readonly<Record<string, unknown>> }[] = [];
  /** Seconds for which each receipt was hidden, in order. */
  readonly hidden: { readonly body: string; readonly seconds: number }[] = [];

  /** Messages that are not deleted. */
  get size(): number {
    return this.#messages.size;
  }

  /** How often an operation was asked for. */
  count(operation: string): number {
    return this.requests.filter((request) => request.operation === operation).length;
  }

  put(body: string, group?: string): void {
    this.#count += 1;
    this.#messages.set(String(this.#count), { body, group, visible: true });
    this.emit("changed");
  }

  /** Shows what is hidden. */
  show(): void {
    for (const message of this.#messages.values()) message.visible = true;
    this.emit("changed");
  }

  /** Resolves at the next change, or when the caller is gone. */
  changed(signal?: AbortSignal): Promise<unknown> {
    return once(this, "changed", signal === undefined ? {} : { signal });
  }

  readonly operations: Operations = {
    ReceiveMessage: async (input, signal) => {
      this.#note("ReceiveMessage", input);
      const { MaxNumberOfMessages } = receive.parse(input);
      for (;;) {
        const found = this.#take(MaxNumberOfMessages);
        if (found.length > 0) return { Messages: found };
        await this.changed(signal);
      }
    },
    DeleteMessageBatch: (input) => {
      const { Entries } = batch.parse(input);
      for (const { ReceiptHandle } of Entries) this.#messages.delete(ReceiptHandle);
      this.#note("DeleteMessageBatch", input);
      return { Successful: Entries.map(({ Id }) => ({ Id })), Failed: [] };
    },
    SendMessageBatch: (input) => {
      const { Entries } = sent.parse(input);
      this.#note("SendMessageBatch", input);
      for (const { MessageBody, MessageGroupId } of Entries) this.put(MessageBody, MessageGroupId);
      return {
        Successful: Entries.map(({ Id, MessageBody }) => ({ Id, MD5OfMessageBody: md5(MessageBody) })),
        Failed: [],
      };
    },
    ChangeMessageVisibilityBatch: (input) => {
      const { Entries } = batch.parse(input);
      for (const { ReceiptHandle, VisibilityTimeout = 0 } of Entries) {
        const message = this.#messages.get(ReceiptHandle);
        if (message === undefined) continue;
        this.hidden.push({ body: message.body, seconds: VisibilityTimeout });
        if (VisibilityTimeout === 0) message.visible = true;
      }
      this.#note("ChangeMessageVisibilityBatch", input);
      return { Successful: Entries.map(({ Id }) => ({ Id })), Failed: [] };
    },
  };

  #note(operation: string, input: Readonly<Record<string, unknown>>): void {
    this.requests.push({ operation, input });
    this.emit("changed");
  }

  #take(most: number): object[] {
    const visible = [...this.#messages].filter(([, message]) => message.visible).slice(0, most);
    return visible.map(([receipt, message]) => {
      message.visible = false;
      return {
        MessageId: receipt,
        ReceiptHandle: receipt,
        Body: message.body,
        MD5OfBody: md5(message.body),
        Attributes: {
          SentTimestamp: "1000",
          ...(message.group === undefined ? {} : { MessageGroupId: message.group }),
        },
      };
    });
  }
}

function md5(text: string): string {
  return createHash("md5").update(text).digest("hex");
}
