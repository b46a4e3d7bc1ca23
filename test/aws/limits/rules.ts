import { randomUUID } from "node:crypto";
import {
  CreateEventBusCommand,
  DeleteEventBusCommand,
  DeleteRuleCommand,
  PutEventsCommand,
  type PutEventsRequestEntry,
  PutRuleCommand,
  PutTargetsCommand,
  RemoveTargetsCommand,
  type Target,
} from "@aws-sdk/client-eventbridge";
import {
  CreateQueueCommand,
  DeleteQueueCommand,
  GetQueueAttributesCommand,
  type Message,
  ReceiveMessageCommand,
} from "@aws-sdk/client-sqs";
import type { Clients } from "./limit.ts";

/** A queue with its address and ARN. */
export interface ProbeQueue {
  readonly url: string;
  readonly arn: string;
}

/** A bus with a rule for everything, and queues: what a probe of EventBridge needs. Removed afterwards. */
export class RuleProbe {
  readonly name = `limit-${randomUUID().slice(0, 8)}`;
  readonly #clients: Clients;
  readonly #queues: string[] = [];

  constructor(clients: Clients) {
    this.#clients = clients;
  }

  /** Makes a probe, uses it and removes it. */
  static async use<Result>(clients: Clients, work: (probe: RuleProbe) => Promise<Result>): Promise<Result> {
    const probe = new RuleProbe(clients);
    const { events } = clients;
    await events.send(new CreateEventBusCommand({ Name: probe.name }));
    try {
      return await work(probe);
    } finally {
      const rule = { EventBusName: probe.name, Rule: "all" };
      await events.send(new RemoveTargetsCommand({ ...rule, Ids: ["queue"] })).catch(() => {});
      await events.send(new DeleteRuleCommand({ EventBusName: probe.name, Name: "all" })).catch(() => {});
      await events.send(new DeleteEventBusCommand({ Name: probe.name }));
      for (const QueueUrl of probe.#queues) {
        // A probe may have deleted one itself.
        await clients.sqs.send(new DeleteQueueCommand({ QueueUrl })).catch(() => {});
      }
    }
  }

  async queue(word: string, attributes: Record<string, string> = {}): Promise<ProbeQueue> {
    const ending = attributes.FifoQueue === "true" ? ".fifo" : "";
    const QueueName = `${this.name}-${word}${ending}`;
    const { QueueUrl: url = "" } = await this.#clients.sqs.send(
      new CreateQueueCommand({ QueueName, Attributes: attributes }),
    );
    this.#queues.push(url);
    const { Attributes } = await this.#clients.sqs.send(
      new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ["QueueArn"] }),
    );
    return { url, arn: Attributes?.QueueArn ?? "" };
  }

  /** Sends everything on the bus to a target. */
  async route(target: Omit<Target, "Id">, pattern: object = { source: [{ prefix: "" }] }): Promise<void> {
    const { events } = this.#clients;
    const EventPattern = JSON.stringify(pattern);
    await events.send(new PutRuleCommand({ EventBusName: this.name, Name: "all", EventPattern }));
    const Targets = [{ ...target, Id: "queue" } satisfies Target];
    await events.send(new PutTargetsCommand({ EventBusName: this.name, Rule: "all", Targets }));
  }

  put(entry: Partial<PutEventsRequestEntry> = {}) {
    const whole = { Source: "limits", DetailType: "limit.probed", Detail: "{}", ...entry, EventBusName: this.name };
    return this.#clients.events.send(new PutEventsCommand({ Entries: [whole] }));
  }

  /** What comes to a queue within a time. */
  async receive({ url }: ProbeQueue, seconds = 3): Promise<Message | undefined> {
    const { Messages = [] } = await this.#clients.sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: url,
        WaitTimeSeconds: seconds,
        MessageAttributeNames: ["All"],
        MessageSystemAttributeNames: ["All"],
      }),
    );
    return Messages[0];
  }
}
