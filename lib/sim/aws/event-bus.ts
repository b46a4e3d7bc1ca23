import type { PutEventsCommandInput, PutEventsRequestEntry } from "@aws-sdk/client-eventbridge";
import { type DeployedSubscription, messageText, openEnvelope, sharedGroup } from "../../aws-shared/index.ts";
import { Router } from "../../delivery/router.ts";
import { groupOf } from "../../engines/aws/enqueue/queue-entry.ts";
import type { Catalog } from "../../event/catalog.ts";
import type { SubscriptionRecord } from "../../subscription/subscription.ts";
import type { Faults } from "../faults.ts";
import type { World } from "../world/world.ts";
import { Queue } from "./queue.ts";

/** Of the deliveries of rules, those that come twice, and those that take long. */
const [shareDoubled, shareSlow] = [0.03, 0.05];
/** The longest times in milliseconds of a delivery by a rule: most of them, and those that take long. */
const [longestMs, longestSlowMs] = [300, 20_000];

/** A bus of EventBridge with a rule and a queue for each subscription, and one for history. */
export class EventBus {
  readonly #world: World;
  readonly #faults: Faults;
  readonly #catalog: Catalog;
  readonly #router = new Router();
  readonly #deployed = new Map<string, DeployedSubscription>();
  readonly queues = new Map<string, Queue>();
  readonly history: Queue;
  #onTheWay = 0;

  constructor(world: World, faults: Faults, catalog: Catalog) {
    this.#world = world;
    this.#faults = faults;
    this.#catalog = catalog;
    this.history = new Queue(world, false);
  }

  /** Whether no event is on its way, or in a queue. */
  get quiet(): boolean {
    return this.#onTheWay === 0 && [this.history, ...this.queues.values()].every(({ size }) => size === 0);
  }

  /** What is deployed, by name. */
  get deployed(): ReadonlyMap<string, DeployedSubscription> {
    return this.#deployed;
  }

  /** Makes the rule and the queue of a subscription, where they are not there yet. */
  deploy(record: SubscriptionRecord): void {
    if (this.#deployed.has(record.name)) return;
    const fifo = record.ordered !== undefined;
    const queueUrl = `https://sqs.simulated/${record.name}${fifo ? ".fifo" : ""}`;
    this.#deployed.set(record.name, { schema: 1, record, queueUrl, fifo, consumer: "process" });
    this.queues.set(queueUrl, new Queue(this.#world, fifo));
    this.#router.set(record);
  }

  /** Takes events, each or not, and brings them to the queues of those who want them in its own time. */
  put({ Entries = [] }: PutEventsCommandInput): object {
    const results = Entries.map((entry) => {
      if (this.#faults.engine("entry of PutEvents", 0.2))
        return { ErrorCode: "InternalFailure", ErrorMessage: "simulated" };
      return { EventId: this.#accept(entry) };
    });
    return { Entries: results, FailedEntryCount: results.filter(({ ErrorCode }) => ErrorCode !== undefined).length };
  }

  #accept({ Detail = "{}", DetailType = "", Source = "", Time }: PutEventsRequestEntry): string {
    const { random } = this.#world;
    const id = Buffer.from(random.bytes(16)).toString("hex");
    const seconds = Math.floor((Time?.getTime() ?? this.#world.now()) / 1_000);
    const MessageBody = messageText({
      version: "0",
      id,
      "detail-type": DetailType,
      source: Source,
      account: "000000000000",
      time: new Date(seconds * 1_000).toISOString(),
      region: "us-east-1",
      resources: [],
      detail: JSON.parse(Detail),
    });
    this.#bring(this.history, { MessageBody });
    const { event } = openEnvelope(MessageBody, this.#catalog, this.#world.now());
    for (const { name, ordered } of this.#router.route(event)) {
      const deployed = this.#deployed.get(name);
      const queue = deployed && this.queues.get(deployed.queueUrl);
      if (queue === undefined) continue;
      // Some Regions read the key of an event, others give all the same group; the consumer copes with both.
      const group = random.chance(0.5) ? sharedGroup : groupOf(event, ordered);
      const entry = { MessageBody, MessageGroupId: group, MessageDeduplicationId: `${id} ${name}` };
      this.#bring(queue, ordered === undefined ? { MessageBody } : entry);
    }
    return id;
  }

  #bring(queue: Queue, entry: Parameters<Queue["send"]>[0]): void {
    const { random } = this.#world;
    const times = random.chance(shareDoubled) ? 2 : 1;
    for (let time = 0; time < times; time += 1) {
      const ms = random.between(5, random.chance(shareSlow) ? longestSlowMs : longestMs);
      this.#onTheWay += 1;
      this.#world.add(this.#world.exact() + ms, "rule", () => {
        this.#onTheWay -= 1;
        queue.send(entry);
      });
    }
  }
}
