import { toEnvelope } from "../../../lib/aws-shared/index.ts";
import type { RegisteredEvents } from "../../../lib/bus/register.ts";
import { standardCatalog } from "../../../lib/catalog/index.ts";
import type { HandlerContext } from "../../../lib/delivery/handler.ts";
import type { Event } from "../../../lib/event/event.ts";
import { BatchRun } from "../../../lib/lambda/batch-run.ts";
import { InvocationTime } from "../../../lib/lambda/invocation-time.ts";
import type { BatchMessage } from "../../../lib/lambda/queue-batch.ts";
import { jsonLogger } from "../../../lib/runtime/logger.ts";
import { Counters } from "../../../lib/runtime/metrics.ts";
import type { SubscriptionRecord } from "../../../lib/subscription/subscription.ts";
import { testBus } from "../../../lib/testing/test-bus.ts";
import { anEvent } from "../../support/an-event.ts";
import type { Dynamo } from "../../support/dynamo.ts";
import { Bench } from "../engines/aws/deliveries/bench.ts";

type Handle = (event: Event, context: HandlerContext<RegisteredEvents>) => unknown;

/** The calls to a queue for one batch, in order. */
export type Told = { hide: string; ms: number } | { delete: string };

/** A subscription's function without Lambda and SQS around it: its deliveries are real, on a clock that stands still. */
export class BatchBench {
  readonly table: Bench;
  readonly bus = testBus();
  readonly told: Told[] = [];
  readonly lines: string[] = [];
  /** The bodies that were moved from the group `shared` to those of their keys. A test may have it fail. */
  readonly moved: string[] = [];
  moving: () => Promise<void> = async () => {};
  #messages = 0;

  private constructor(table: Bench) {
    this.table = table;
  }

  static async make(dynamo: Dynamo, record: Partial<SubscriptionRecord> = {}): Promise<BatchBench> {
    return new BatchBench(await Bench.make(dynamo, record));
  }

  message(event: Partial<Event> | { body: string }, more: Partial<BatchMessage> = {}): BatchMessage {
    this.#messages += 1;
    const id = more.id ?? `message-${this.#messages}`;
    return {
      id,
      receiptHandle: id,
      body: "body" in event ? event.body : toEnvelope(anEvent({ type: "custom.made", ...event })),
      sentMs: this.table.clock.now(),
      received: 1,
      groupId: undefined,
      queueArn: "arn:aws:sqs:us-east-1:000000000000:agents-one",
      attributes: {},
      ...more,
    };
  }

  batch(handler: Handle, messages: readonly BatchMessage[], options: { remainingMs?: number } = {}) {
    const { clock, record, store } = this.table;
    const logger = jsonLogger((line) => this.lines.push(line), "debug");
    return new BatchRun<RegisteredEvents>(
      {
        attempts: {
          bus: this.bus,
          catalog: standardCatalog,
          clock,
          counters: new Counters(),
          logger,
          random: () => 0.5,
          onError: (error) => logger.error("background", { code: error.code }),
        },
        record,
        handler: { handler },
        deliveries: store,
        queue: {
          hide: (receipt, ms) => this.told.push({ hide: receipt, ms }),
          delete: (receipt) => this.told.push({ delete: receipt }),
          flush: async () => {},
        },
        regrouper: {
          sort: (messages, of) => {
            const isShared = (one: (typeof messages)[number]) => of(one).group === "shared";
            const misplaced = messages.filter(isShared).map((message) => ({
              message,
              to: "key",
              entry: { bytes: 1, entry: { MessageBody: of(message).message.body } },
            }));
            return { placed: messages.filter((one) => !isShared(one)), misplaced, ofPath: misplaced.length };
          },
          move: async (messages) => {
            await this.moving();
            for (const { entry } of messages) this.moved.push(entry.entry.MessageBody ?? "");
          },
        },
        time: new InvocationTime(clock, {
          awsRequestId: "request-1",
          getRemainingTimeInMillis: () => options.remainingMs ?? record.timeout + 5_000,
        }),
      },
      messages,
    );
  }

  /** Runs a batch to its end; gives the ids of the messages that go back. */
  run(handler: Handle, messages: readonly BatchMessage[], options?: { remainingMs?: number }): Promise<string[]> {
    return this.batch(handler, messages, options).run();
  }
}
