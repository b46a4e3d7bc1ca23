import { Duration, RemovalPolicy } from "aws-cdk-lib";
import type { Table } from "aws-cdk-lib/aws-dynamodb";
import { CfnRule } from "aws-cdk-lib/aws-events";
import type { IGrantable } from "aws-cdk-lib/aws-iam";
import type { IKey } from "aws-cdk-lib/aws-kms";
import { EventSourceMapping } from "aws-cdk-lib/aws-lambda";
import { BlockPublicAccess, Bucket, BucketEncryption } from "aws-cdk-lib/aws-s3";
import type { Queue } from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";
import {
  checkBusName,
  functionVariables,
  parameterNames,
  resourceNames,
  unpublishedBodies,
} from "../aws-shared/index.ts";
import { bodyPrefixes, historyTable } from "../aws-shared/tables.ts";
import { standardCatalog } from "../catalog/index.ts";
import { BusError } from "../error/bus-error.ts";
import { mustBe } from "../error/must-be.ts";
import { BusArns } from "./arns.ts";
import { declareAutoDeleteLogs } from "./auto-delete-logs.ts";
import { allowEvents, busQueue, drainVisibility } from "./bus-queue.ts";
import { busTable } from "./bus-table.ts";
import type { CatalogModule } from "./catalog-module.ts";
import { patternLimit, queueRetentionMs } from "./check-subscription.ts";
import { recorderEntry } from "./entry.ts";
import { checkFunctionSettings, type FunctionSettings, functionSettings } from "./function-settings.ts";
import { BusGrants } from "./grants.ts";
import { acknowledge } from "./nag.ts";
import { omitted } from "./omit.ts";
import { createAfterBus, registerRule } from "./rule-registry.ts";
import type { StageSettings } from "./stage.ts";
import { WaggleFunction } from "./waggle-function.ts";

/** Options of a bus's history, and of the function that records it. */
export interface EventHistoryOptions extends FunctionSettings {
  /** How long an event is kept. Default: 7 or 90 days, by stage. */
  readonly retention?: Duration;
  /**
   * Maximum number of events that one invocation records: 1 to 10,000. Default 10; a larger batch needs a batching window.
   * Larger batches cost less per event.
   */
  readonly batchSize?: number;
  /** How long events are collected for a batch: up to 5 minutes. Default: not at all. It delays their recording. */
  readonly batchingWindow?: Duration;
  /** Maximum number of functions that record concurrently: 2 to 1,000. Default 20. */
  readonly maxConcurrency?: number;
}

/** Properties of an {@link EventHistory}. */
export interface EventHistoryProps extends EventHistoryOptions {
  readonly busName: string;
  readonly settings: StageSettings;
  readonly encryptionKey: IKey | undefined;
  readonly catalog: CatalogModule | undefined;
  /** Returns a BusConfig as JSON for the function. */
  readonly config: (history: EventHistory) => string;
}

/**
 * The history of a bus, which keeps every event until its retention ends: a table, a bucket for the few bodies that are too
 * large for the table, and the function `record-history` behind a rule and a queue. The function `record-dead-letter` of the
 * bus retries what could not be recorded. The table also has the dead letters of the subscriptions.
 */
export class EventHistory extends Construct {
  /** The table of events, of what they are found by, and of dead letters. */
  readonly table: Table;
  /** The bucket for what does not fit into a row or a message. */
  readonly bodies: Bucket;
  /** For which an event is kept. */
  readonly retention: Duration;
  /** The function `record-history`, which records every event of the bus. */
  readonly recorder: WaggleFunction;
  /** Events that could not be recorded; the function `record-dead-letter` of the bus retries them. */
  readonly deadLetters: Queue;
  readonly #grants: BusGrants;

  constructor(scope: Construct, id: string, props: EventHistoryProps) {
    super(scope, id);
    checkBusName(props.busName);
    this.retention = props.retention ?? props.settings.historyRetention;
    this.#grants = new BusGrants(this, props.busName, props.encryptionKey);
    this.table = busTable(this, "Table", {
      tableName: resourceNames.historyTable(props.busName),
      keys: historyTable,
      settings: props.settings,
      encryptionKey: props.encryptionKey,
    });
    this.bodies = this.#bodies(props);
    this.deadLetters = busQueue(this, "DeadLetters", {
      queueName: resourceNames.historyDeadLetterQueue(props.busName),
      encryptionKey: props.encryptionKey,
      visibilityTimeout: drainVisibility,
    });
    acknowledge(this.deadLetters, "The queue is itself a dead-letter queue.", "AwsSolutions-SQS3");
    this.recorder = this.#recorder(props);
  }

  /** Allows a client to read events, flows and dead letters. */
  grantRead(to: IGrantable): void {
    this.#grants.readHistory(to);
  }

  #bodies({ busName, settings, encryptionKey }: EventHistoryProps): Bucket {
    const { removalPolicy } = settings;
    const { account, region } = this.table.stack;
    // Automatic deletion uses a function that CloudFormation waits for, which does not return on emulators.
    const autoDeleteObjects = removalPolicy === RemovalPolicy.DESTROY && !omitted(this).has("auto-delete");
    const bucket = new Bucket(this, "Bodies", {
      bucketName: resourceNames.bodiesBucket(busName, account, region),
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      enforceSSL: true,
      ...(encryptionKey === undefined
        ? { encryption: BucketEncryption.S3_MANAGED }
        : { encryption: BucketEncryption.KMS, encryptionKey, bucketKeyEnabled: true }),
      // A body expires a day after the row that references it, which readers ignore from its expiry on.
      lifecycleRules: [
        {
          prefix: bodyPrefixes.events,
          expiration: Duration.days(Math.ceil(this.retention.toDays({ integral: false })) + 1),
        },
        // A message references the body, and its queue does not keep it longer than this.
        { prefix: unpublishedBodies, expiration: Duration.days(Duration.millis(queueRetentionMs).toDays() + 1) },
        { abortIncompleteMultipartUploadAfter: Duration.days(1) },
      ],
      removalPolicy,
      autoDeleteObjects,
    });
    declareAutoDeleteLogs(this, settings);
    acknowledge(
      bucket,
      "Only functions and clients of this bus access the bucket; CloudTrail can log access to objects if needed.",
      "AwsSolutions-S1",
    );
    return bucket;
  }

  #recorder(props: EventHistoryProps): WaggleFunction {
    const { busName, encryptionKey, settings, catalog } = props;
    const timeout = Duration.seconds(30);
    const { batchSize, maxConcurrency, windowSeconds } = checkedBatches(props);
    checkFunctionSettings("history", props, maxConcurrency);
    const queueName = resourceNames.historyQueue(busName);
    const queue = busQueue(this, "Queue", {
      queueName,
      encryptionKey,
      // Messages are also hidden while they are collected for a batch.
      visibilityTimeout: Duration.seconds(timeout.toSeconds() * 6 + windowSeconds),
      deadLetters: { queue: this.deadLetters, maxReceiveCount: 100 },
    });
    registerRule(this, busName, resourceNames.historyRule, false);
    const rule = new CfnRule(this, "Rule", {
      name: resourceNames.historyRule,
      eventBusName: busName,
      description: `Every event of bus ${busName} that history keeps`,
      eventPattern: recordedPattern(catalog),
      targets: [{ id: "queue", arn: queue.queueArn, deadLetterConfig: { arn: this.deadLetters.queueArn } }],
    });
    createAfterBus(rule, busName);
    const ruleArn = new BusArns(this, busName).rule(resourceNames.historyRule);
    for (const one of [queue, this.deadLetters]) allowEvents(one, ruleArn);

    const recorder = new WaggleFunction(this, "Recorder", {
      ...functionSettings(props),
      functionName: resourceNames.recordHistoryFunction(busName),
      logParameter: parameterNames.functionLog(busName, "record-history"),
      entry: recorderEntry(busName, "record-history", "recordHistory", { catalog }),
      description: `Records the events of bus ${busName}`,
      timeout,
      environment: { ...props.environment, [functionVariables.bus]: props.config(this) },
      stage: settings,
    });
    this.#grants.writeHistory(recorder);
    this.#grants.consume(recorder, [queueName]);
    new EventSourceMapping(this, "Source", {
      target: recorder,
      eventSourceArn: queue.queueArn,
      batchSize,
      maxConcurrency,
      reportBatchItemFailures: true,
      ...(windowSeconds === 0 ? {} : { maxBatchingWindow: Duration.seconds(windowSeconds) }),
    });
    return recorder;
  }
}

/** Applies the defaults of an event source. Throws `invalid_config` for values that Lambda would refuse. */
function checkedBatches({
  batchSize = 10,
  batchingWindow = Duration.seconds(0),
  maxConcurrency = 20,
}: EventHistoryOptions) {
  const windowSeconds = batchingWindow.toSeconds({ integral: false });
  for (const [name, value, min, max] of [
    ["batchSize", batchSize, 1, 10_000],
    ["maxConcurrency", maxConcurrency, 2, 1_000],
    ["batchingWindow in seconds", windowSeconds, 0, 300],
  ] as const) {
    if (Number.isInteger(value) && value >= min && value <= max) continue;
    throw new BusError("invalid_config", `history: ${name} ${mustBe(`an integer from ${min} to ${max}`, value)}`);
  }
  if (batchSize > 10 && windowSeconds === 0) {
    throw new BusError(
      "invalid_config",
      `history: batchSize is ${batchSize}, but a batch of more than 10 requires a batchingWindow of at least 1 s; add it`,
    );
  }
  return { batchSize, maxConcurrency, windowSeconds };
}

/**
 * Returns a pattern for all types except those with `history: false`. Events replayed from the archive are excluded: they were
 * recorded when they were published.
 */
function recordedPattern(catalog: CatalogModule | undefined): Readonly<Record<string, unknown>> {
  const { types, get } = catalog?.catalog ?? standardCatalog;
  const unrecorded = types().filter((type) => get(type)?.history === false);
  const pattern = {
    "detail-type": unrecorded.length === 0 ? [{ exists: true }] : [{ "anything-but": unrecorded }],
    "replay-name": [{ exists: false }],
  };
  const { length } = JSON.stringify(pattern);
  if (length <= patternLimit) return pattern;
  throw new BusError(
    "invalid_config",
    `the catalog has ${unrecorded.length} types with \`history: false\`, which make a pattern of ${length} characters, but EventBridge allows ${patternLimit}; record some of them, or use shorter names`,
  );
}
