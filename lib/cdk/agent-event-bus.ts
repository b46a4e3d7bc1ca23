import { CfnResource, type Duration, Stack } from "aws-cdk-lib";
import { CfnTable, type Table } from "aws-cdk-lib/aws-dynamodb";
import { CfnArchive, CfnEventBus } from "aws-cdk-lib/aws-events";
import { PolicyStatement, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import type { IKey } from "aws-cdk-lib/aws-kms";
import { EventSourceMapping } from "aws-cdk-lib/aws-lambda";
import { Topic } from "aws-cdk-lib/aws-sns";
import { EmailSubscription } from "aws-cdk-lib/aws-sns-subscriptions";
import type { Queue } from "aws-cdk-lib/aws-sqs";
import { StringParameter } from "aws-cdk-lib/aws-ssm";
import type { Construct } from "constructs";
import { type BusConfig, functionVariables, parameterNames, resourceNames } from "../aws-shared/index.ts";
import { deliveriesTable } from "../aws-shared/tables.ts";
import { BusArns } from "./arns.ts";
import { busKey } from "./bus-key.ts";
import { allowEvents, busQueue, drainConcurrency, drainTimeout, drainVisibility } from "./bus-queue.ts";
import { BusBase, type IAgentEventBus, ImportedBus, type ImportedBusProps } from "./bus-reference.ts";
import { busTable } from "./bus-table.ts";
import type { CatalogModule } from "./catalog-module.ts";
import { recorderEntry } from "./entry.ts";
import { EventHistory, type EventHistoryOptions } from "./event-history.ts";
import { checkFunctionSettings, type FunctionSettings } from "./function-settings.ts";
import { acknowledge } from "./nag.ts";
import { omitted } from "./omit.ts";
import { allowPublishers, type Publisher } from "./publishers.ts";
import { registerBus } from "./rule-registry.ts";
import { type Stage, type StageSettings, stageSettings } from "./stage.ts";
import { WaggleFunction } from "./waggle-function.ts";

/** Properties of an {@link AgentEventBus}. */
export interface AgentEventBusProps {
  /** The name that clients need to know: 1 to 20 characters of a-z, 0-9 and -, starting with a letter. */
  readonly busName: string;
  /** Default: the context `stage`, or else `dev`. */
  readonly stage?: Stage;
  /** The event types of the functions. Default: the standard catalog. */
  readonly catalog?: CatalogModule;
  /** How events are recorded and for how long they are kept. Default: that of each option. */
  readonly history?: EventHistoryOptions;
  /** Settings of the function that records dead letters. */
  readonly deadLetters?: FunctionSettings;
  /** How long EventBridge archives every event, for large replays. Default: 7 or 90 days, by stage. False: no archive. */
  readonly archive?:
    | false
    | {
        /** For which the archive keeps events. */
        readonly retention: Duration;
      };
  /** Other accounts, or whole organizations, that may publish. Default: none. */
  readonly publishers?: readonly Publisher[];
  /** Encrypts queues, tables and bodies with your key; `true` creates one. Default: keys owned by AWS. */
  readonly encryptionKey?: true | IKey;
  /** Recipients of alarms. The topic `<bus>-alarms` accepts other subscriptions too. */
  readonly alarmEmails?: readonly string[];
  /** Maximum bytes of a PutEvents request: 262,144 in a Region that does not support 1 MB yet. Default 1,048,576. */
  readonly maxRequestBytes?: number;
}

/**
 * A bus: an EventBridge bus with its archive and policy, the tables, the functions that record history and dead letters, the
 * topic for alarms, and the parameter by which a client finds all of them. Names derive from the bus's name, so subscribers
 * in other stacks and apps need only that name: {@link AgentEventBus.fromBusName}.
 */
export class AgentEventBus extends BusBase {
  /** Imports a bus that another app deploys in the same account and Region. */
  static fromBusName(scope: Construct, id: string, busName: string, props: ImportedBusProps = {}): IAgentEventBus {
    return new ImportedBus(scope, id, busName, props);
  }

  /** The key of tables, queues and bodies; `undefined` if they use keys owned by AWS. */
  readonly encryptionKey: IKey | undefined;
  /** The bus itself. */
  readonly construct: Construct = this;
  /** What records every event, and where. */
  readonly history: EventHistory;
  /** The table of attempts and of what has succeeded, which the functions of all subscriptions share. */
  readonly deliveries: Table;
  /** The topic to which the alarms of the bus and of its subscriptions are sent. */
  readonly alarmTopic: Topic;
  /** The function `record-dead-letter`, which keeps what dead-letter queues hold and records again what history could not. */
  readonly deadLetterRecorder: WaggleFunction;
  readonly #settings: StageSettings;
  readonly #config: string;

  constructor(scope: Construct, id: string, props: AgentEventBusProps) {
    super(scope, id, { busName: props.busName, stage: props.stage });
    this.#settings = stageSettings(this.stage);
    const { removalPolicy } = this.#settings;
    this.encryptionKey =
      props.encryptionKey && busKey(this, { busName: this.busName, key: props.encryptionKey, removalPolicy });
    const unprocessed = this.encryptionKey === undefined ? undefined : this.#unprocessed();
    const bus = new CfnEventBus(this, "Bus", {
      name: this.busName,
      description: "Events of agents, carried by Waggle",
      ...(this.encryptionKey === undefined ? {} : { kmsKeyIdentifier: this.encryptionKey.keyArn }),
      ...(unprocessed === undefined ? {} : { deadLetterConfig: { arn: unprocessed.queueArn } }),
    });
    // A retained archive is a rule on the bus: EventBridge needs it for replays, and does not delete a bus that has rules.
    bus.applyRemovalPolicy(removalPolicy);
    registerBus(bus, this.busName);
    this.#archive(bus, props);
    allowPublishers(this, bus, props.publishers ?? []);
    this.alarmTopic = this.#topic(props.alarmEmails ?? []);
    this.deliveries = busTable(this, "Deliveries", {
      tableName: resourceNames.deliveriesTable(this.busName),
      keys: deliveriesTable,
      settings: this.#settings,
      encryptionKey: this.encryptionKey,
    });

    const unpublished = busQueue(this, "Unpublished", {
      queueName: resourceNames.publisherDeadLetterQueue(this.busName),
      encryptionKey: this.encryptionKey,
      visibilityTimeout: drainVisibility,
    });
    acknowledge(unpublished, "The queue is itself a dead-letter queue.", "AwsSolutions-SQS3");

    const configOf = (history: EventHistory): string =>
      Stack.of(this).toJsonString({
        schema: 1,
        bus: this.busName,
        historyTable: resourceNames.historyTable(this.busName),
        deliveriesTable: resourceNames.deliveriesTable(this.busName),
        publisherDeadLetterQueueUrl: unpublished.queueUrl,
        bodiesBucket: history.bodies.bucketName,
        retentionMs: history.retention.toMilliseconds(),
        maxRequestBytes: props.maxRequestBytes ?? 1_048_576,
      } satisfies BusConfig);
    this.history = new EventHistory(this, "History", {
      ...props.history,
      busName: this.busName,
      settings: this.#settings,
      encryptionKey: this.encryptionKey,
      catalog: props.catalog,
      config: configOf,
    });
    this.#config = configOf(this.history);
    this.deadLetterRecorder = this.#recordDeadLetters(props, {
      Unpublished: unpublished,
      History: this.history.deadLetters,
      ...(unprocessed === undefined ? {} : { BusDeadLetters: unprocessed }),
    });
    new StringParameter(this, "Config", {
      parameterName: parameterNames.bus(this.busName),
      description: `Configuration and resources of bus ${this.busName}`,
      stringValue: this.#config,
    });
    if (this.#settings.deletionProtection) this.#createTablesLast();
  }

  /**
   * A table that is protected against deletion cannot be deleted by a rollback either: if anything else of a first deployment
   * fails, the tables must not exist yet, or the deployment could not be repeated.
   */
  #createTablesLast(): void {
    const resources = this.node.findAll().filter((one) => CfnResource.isCfnResource(one));
    const [tables, others] = [resources.filter(isTable), resources.filter((one) => !isTable(one))];
    for (const table of tables) for (const other of others) table.addResourceDependency(other);
  }

  configFor(scope: Construct): string {
    return Stack.of(scope) === Stack.of(this) ? this.#config : this.configParameter(scope);
  }

  /**
   * Creates the queue of events that the bus cannot process because it cannot use its key. It is encrypted with SQS's own key:
   * with that of the bus, it could not take them either.
   */
  #unprocessed(): Queue {
    const queue = busQueue(this, "DeadLetters", {
      queueName: resourceNames.busDeadLetterQueue(this.busName),
      encryptionKey: undefined,
      visibilityTimeout: drainVisibility,
    });
    acknowledge(queue, "The queue is itself a dead-letter queue.", "AwsSolutions-SQS3");
    allowEvents(queue, new BusArns(this, this.busName).bus);
    return queue;
  }

  #archive(bus: CfnEventBus, props: AgentEventBusProps): void {
    if (props.archive === false || omitted(this).has("archive")) return;
    const retention = props.archive?.retention ?? this.#settings.archiveRetention;
    const archive = new CfnArchive(this, "Archive", {
      archiveName: resourceNames.archive(this.busName),
      description: `Every event of bus ${this.busName}, for large replays`,
      sourceArn: bus.attrArn,
      // Without a pattern, EventBridge adds one that excludes replayed events.
      retentionDays: retention.toDays(),
      ...(this.encryptionKey === undefined ? {} : { kmsKeyIdentifier: this.encryptionKey.keyArn }),
    });
    archive.applyRemovalPolicy(this.#settings.removalPolicy);
  }

  #topic(emails: readonly string[]): Topic {
    const topic = new Topic(this, "Alarms", {
      topicName: resourceNames.alarmTopic(this.busName),
      displayName: `Alarms of bus ${this.busName}`,
      enforceSSL: true,
      ...(this.encryptionKey === undefined ? {} : { masterKey: this.encryptionKey }),
    });
    topic.addToResourcePolicy(
      new PolicyStatement({
        principals: [new ServicePrincipal("cloudwatch.amazonaws.com")],
        actions: ["sns:Publish"],
        resources: [topic.topicArn],
        conditions: { StringEquals: { "aws:SourceAccount": Stack.of(this).account } },
      }),
    );
    for (const email of emails) topic.addSubscription(new EmailSubscription(email));
    return topic;
  }

  /**
   * Creates the function that drains the dead letters of publishers, of history and of every subscription. The stack of a
   * subscription adds its event source.
   */
  #recordDeadLetters(
    { catalog, deadLetters: settings = {} }: Pick<AgentEventBusProps, "catalog" | "deadLetters">,
    own: Readonly<Record<string, Queue>>,
  ): WaggleFunction {
    checkFunctionSettings("deadLetters", settings, drainConcurrency);
    const recorder = new WaggleFunction(this, "DeadLetterRecorder", {
      ...settings,
      functionName: resourceNames.recordDeadLetterFunction(this.busName),
      logParameter: parameterNames.functionLog(this.busName, "record-dead-letter"),
      entry: recorderEntry(this.busName, "record-dead-letter", "recordDeadLetter", { catalog }),
      description: `Records the dead letters of bus ${this.busName}`,
      timeout: drainTimeout,
      environment: { ...settings.environment, [functionVariables.bus]: this.#config },
      stage: this.#settings,
    });
    const grants = this.grants();
    grants.writeHistory(recorder);
    grants.settle(recorder);
    const names = [
      resourceNames.deadLetterQueue(this.busName, "*", false),
      resourceNames.deadLetterQueue(this.busName, "*", true),
    ];
    grants.consume(recorder, [...names, resourceNames.publisherDeadLetterQueue(this.busName)]);
    for (const [name, queue] of Object.entries(own)) {
      new EventSourceMapping(this, `${name}Drain`, {
        target: recorder,
        eventSourceArn: queue.queueArn,
        batchSize: 10,
        maxConcurrency: drainConcurrency,
        reportBatchItemFailures: true,
      });
    }
    return recorder;
  }
}

function isTable(resource: CfnResource): boolean {
  return resource.cfnResourceType === CfnTable.CFN_RESOURCE_TYPE_NAME;
}
