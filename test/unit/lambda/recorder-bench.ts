import { toEnvelope } from "../../../lib/aws-shared/index.ts";
import { standardCatalog } from "../../../lib/catalog/index.ts";
import type { DeadLetter } from "../../../lib/engine/delivery.ts";
import type { AwsDependencies, HistoryTable, ToRecord } from "../../../lib/engines/aws/dependencies.ts";
import { BusError } from "../../../lib/error/bus-error.ts";
import type { Event } from "../../../lib/event/event.ts";
import type { BatchMessage } from "../../../lib/lambda/queue-batch.ts";
import { jsonLogger } from "../../../lib/runtime/logger.ts";
import { ManualClock } from "../../../lib/testing/manual-clock.ts";
import { aBusConfig } from "../../support/a-bus-config.ts";
import { anEvent } from "../../support/an-event.ts";

export const config = aBusConfig();

const never = () => {
  throw new Error("a recorder asks no service by itself");
};

/** What recorders write, kept in memory; each store can be made to fail. */
export class RecorderBench {
  readonly clock = new ManualClock();
  readonly recorded: Event[] = [];
  readonly kept = new Map<string, DeadLetter>();
  readonly lines: string[] = [];
  /** What history refuses, by event id. */
  readonly refusals = new Map<string, BusError>();
  historyFails = false;
  deadLettersFail = false;
  #messages = 0;

  readonly dependencies: AwsDependencies = {
    config,
    clients: {
      get events() {
        return never();
      },
      get sqs() {
        return never();
      },
      get dynamo() {
        return never();
      },
      ssm: async () => never(),
      s3: async () => never(),
      destroy: () => {},
    },
    catalog: standardCatalog,
    clock: this.clock,
    random: () => 0.5,
    nextId: () => "id",
    logger: jsonLogger((line) => this.lines.push(line), "debug"),
    onError: (error) => {
      throw error;
    },
  };

  readonly history: Pick<HistoryTable, "record"> = {
    record: async (entries: readonly ToRecord[]) => {
      if (this.historyFails) throw new BusError("unavailable", "the table does not answer");
      const failed: { index: number; error: BusError }[] = [];
      for (const [index, { event }] of entries.entries()) {
        const error = this.refusals.get(event.id);
        if (error === undefined) this.recorded.push(event);
        else failed.push({ index, error });
      }
      return { failed };
    },
  };

  readonly deadLetters = {
    put: async (deadLetter: DeadLetter) => {
      if (this.deadLettersFail) throw new BusError("throttled", "slow down");
      this.kept.set(deadLetter.id, deadLetter);
    },
  };

  /** Of a queue of the bus. */
  message(event: Partial<Event> | { body: string }, more: Partial<BatchMessage> = {}): BatchMessage {
    this.#messages += 1;
    const id = `message-${this.#messages}`;
    return {
      id,
      receiptHandle: id,
      body: "body" in event ? event.body : toEnvelope(anEvent({ type: "custom.made", ...event })),
      sentMs: this.clock.now(),
      received: 1,
      groupId: undefined,
      queueArn: queueArn("agents-history"),
      attributes: {},
      ...more,
    };
  }
}

export function queueArn(name: string): string {
  return `arn:aws:sqs:us-east-1:000000000000:${name}`;
}
