import { type IGrantable, PolicyStatement } from "aws-cdk-lib/aws-iam";
import type { IKey } from "aws-cdk-lib/aws-kms";
import { Construct } from "constructs";
import { bodyPrefixes, resourceNames, unpublishedBodies } from "../aws-shared/index.ts";
import { BusArns } from "./arns.ts";
import { acknowledgeWildcards } from "./nag.ts";

/**
 * Grants each kind of client its actions on single resources. ARNs derive from the bus's name, so a stack needs no import from
 * the stack of the bus.
 */
export class BusGrants {
  readonly #arns: BusArns;
  readonly #bus: string;
  readonly #key: IKey | undefined;

  constructor(scope: Construct, bus: string, key: IKey | undefined) {
    this.#arns = new BusArns(scope, bus);
    this.#bus = bus;
    this.#key = key;
  }

  /** Allows finding the bus and its subscriptions. */
  connect(to: IGrantable): void {
    this.#allow(to, ["ssm:GetParameter", "ssm:GetParametersByPath"], this.#arns.parameters);
    this.#allow(to, ["events:DescribeEventBus"], [this.#arns.bus]);
  }

  /** Allows publishing, and sending events that the bus does not accept to the publishers' dead-letter queue. */
  publish(to: IGrantable): void {
    this.#allow(to, ["events:PutEvents"], [this.#arns.bus]);
    this.#allow(to, ["sqs:SendMessage"], [this.#arns.queue(resourceNames.publisherDeadLetterQueue(this.#bus))]);
    this.#allow(to, ["s3:PutObject"], [`${this.#arns.bodiesBucket}/${unpublishedBodies}*`]);
    this.#useKey(to);
  }

  /** Allows reading history, dead letters and how deliveries ended included. */
  readHistory(to: IGrantable): void {
    const table = resourceNames.historyTable(this.#bus);
    this.#allow(to, ["dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query"], [this.#arns.table(table)]);
    this.#allow(to, ["dynamodb:BatchGetItem"], [this.#arns.table(resourceNames.deliveriesTable(this.#bus))]);
    this.#allow(to, ["s3:GetObject"], [`${this.#arns.bodiesBucket}/*`]);
    this.#useKey(to);
  }

  /** Allows recording events and dead letters. */
  writeHistory(to: IGrantable): void {
    const actions = ["dynamodb:PutItem", "dynamodb:BatchWriteItem", "dynamodb:GetItem", "dynamodb:BatchGetItem"];
    this.#allow(to, actions, [this.#arns.table(resourceNames.historyTable(this.#bus))]);
    this.#allow(to, ["s3:PutObject", "s3:GetObject"], [`${this.#arns.bodiesBucket}/*`]);
    this.#useKey(to);
  }

  /** Allows deleting a dead letter once it is redriven or discarded. */
  removeDeadLetters(to: IGrantable): void {
    this.#allow(to, ["dynamodb:DeleteItem"], [this.#arns.table(resourceNames.historyTable(this.#bus))]);
    this.#allow(to, ["s3:DeleteObject"], [`${this.#arns.bodiesBucket}/${bodyPrefixes.deadLetters}*`]);
  }

  /** Allows adding to an outbox in transactions of the caller. */
  addToOutbox(to: IGrantable, table: string): void {
    this.#allow(to, ["dynamodb:PutItem"], [this.#arns.table(table)]);
    this.#useKey(to);
  }

  /** Allows reading, retrying and discarding what lies in an outbox, and relaying it. */
  relayOutbox(to: IGrantable, table: string): void {
    const actions = ["GetItem", "Query", "PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem"];
    this.#allow(
      to,
      actions.map((action) => `dynamodb:${action}`),
      [this.#arns.table(table)],
    );
    this.#useKey(to);
  }

  /** Allows claiming and settling deliveries. */
  settle(to: IGrantable): void {
    const actions = ["dynamodb:GetItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"];
    this.#allow(to, actions, [this.#arns.table(resourceNames.deliveriesTable(this.#bus))]);
    this.#useKey(to);
  }

  /** Allows receiving and deleting messages of queues. Names may contain `*`. */
  consume(to: IGrantable, queues: readonly string[]): void {
    const actions = [
      "sqs:ReceiveMessage",
      "sqs:DeleteMessage",
      "sqs:ChangeMessageVisibility",
      "sqs:GetQueueAttributes",
    ];
    this.#allow(
      to,
      actions,
      queues.map((name) => this.#arns.queue(name)),
    );
    this.#useKey(to);
  }

  /**
   * Allows what a subscriber needs: to claim, settle and dead-letter deliveries, and to use the bus in its handler. From a FIFO
   * queue it also moves messages to the groups of their keys.
   */
  subscribe(to: IGrantable, queue: string, fifo: boolean): void {
    this.connect(to);
    this.publish(to);
    this.readHistory(to);
    this.writeHistory(to);
    this.settle(to);
    this.consume(to, [queue]);
    if (fifo) this.#allow(to, ["sqs:SendMessage"], [this.#arns.queue(queue)]);
  }

  /** Allows seeing the subscriptions and the state of their queues. */
  measure(to: IGrantable): void {
    this.connect(to);
    this.#allow(to, ["sqs:GetQueueAttributes"], [this.#arns.queue(`${this.#bus}-*`)]);
  }

  /** Allows seeing the state of the queues, and redriving, discarding and replaying. */
  operate(to: IGrantable): void {
    this.connect(to);
    this.publish(to);
    this.readHistory(to);
    this.writeHistory(to);
    this.removeDeadLetters(to);
    this.settle(to);
    this.#allow(to, ["sqs:SendMessage", "sqs:GetQueueAttributes"], [this.#arns.queue(`${this.#bus}-*`)]);
    this.#allow(to, ["ssm:GetParametersByPath"], this.#arns.logParameters);
    this.#allow(to, ["events:DescribeArchive"], [this.#arns.archive]);
    this.#allow(to, ["events:StartReplay"], [this.#arns.bus, this.#arns.archive, this.#arns.replays]);
    this.#allow(to, ["events:DescribeReplay", "events:CancelReplay"], [this.#arns.replays]);
  }

  #allow(to: IGrantable, actions: readonly string[], resources: readonly string[]): void {
    to.grantPrincipal.addToPrincipalPolicy(new PolicyStatement({ actions: [...actions], resources: [...resources] }));
    if (!Construct.isConstruct(to.grantPrincipal)) return;
    acknowledgeWildcards(
      to.grantPrincipal,
      "The wildcard covers later resources under the bus's own name: subscriptions, indexes, bodies, queues.",
      resources,
    );
  }

  #useKey(to: IGrantable): void {
    this.#key?.grant(to, "kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey");
  }
}
