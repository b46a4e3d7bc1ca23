import { Duration, RemovalPolicy } from "aws-cdk-lib";
import type { Table } from "aws-cdk-lib/aws-dynamodb";
import { CfnRule } from "aws-cdk-lib/aws-events";
import type { IGrantable } from "aws-cdk-lib/aws-iam";
import type { IKey } from "aws-cdk-lib/aws-kms";
import { EventSourceMapping } from "aws-cdk-lib/aws-lambda";
import { BlockPublicAccess, Bucket, BucketEncryption } from "aws-cdk-lib/aws-s3";
import type { Queue } from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";
import { checkBusName, functionVariables, resourceNames, unpublishedBodies } from "../aws-shared/index.ts";
import { bodyPrefixes, historyTable } from "../aws-shared/tables.ts";
import { standardCatalog } from "../catalog/index.ts";
import { BusError } from "../error/bus-error.ts";
import { BusArns } from "./arns.ts";
import { allowRule, busQueue, drainVisibility } from "./bus-queue.ts";
import { busTable } from "./bus-table.ts";
import type { CatalogModule } from "./catalog-module.ts";
import { patternLimit, queueRetentionMs } from "./check-subscription.ts";
import { recorderEntry } from "./entry.ts";
import { BusGrants } from "./grants.ts";
import { acknowledge } from "./nag.ts";
import { omitted } from "./omit.ts";
import { registerRule } from "./rule-registry.ts";
import type { StageSettings } from "./stage.ts";
import { WaggleFunction } from "./waggle-function.ts";

/** What may be said of a bus's history. */
export interface EventHistoryOptions {
  /** For how long an event is kept. Default: by stage, 7 or 90 days. */
  readonly retention?: Duration;
  /** Events that one call records: 1 to 10,000. Default 10; above that give a window too. Larger ones cost less an event. */
  readonly batchSize?: number;
  /** For how long events are gathered: up to 5 minutes. Default: not at all. They are found that much later. */
  readonly batchingWindow?: Duration;
  /** Functions that record side by side: 2 to 1,000. Default 20. */
  readonly maxConcurrency?: number;
}

/** Of an {@link EventHistory}. */
export interface EventHistoryProps extends EventHistoryOptions {
  readonly busName: string;
  readonly settings: StageSettings;
  readonly encryptionKey: IKey | undefined;
  readonly catalog: CatalogModule | undefined;
  /** A BusConfig as JSON, for the function. */
  readonly config: (history: EventHistory) => string;
}

/**
 * Every event of a bus, until its retention ends: a table, a bucket for the few bodies that are too large for it, and the
 * function `record-history` behind a rule and a queue. What it could not record, `record-dead-letter` of the bus
 * tries again. Dead letters of the subscriptions lie in the same table.
 */
export class EventHistory extends Construct {
  readonly table: Table;
  readonly bodies: Bucket;
  readonly retention: Duration;
  readonly recorder: WaggleFunction;
  /** What could not be recorded; `record-dead-letter` of the bus tries it again. */
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
    acknowledge(this.deadLetters, "It is itself a dead-letter queue.", "AwsSolutions-SQS3");
    this.recorder = this.#recorder(props);
  }

  /** Lets a client look up events, flows and dead letters. */
  grantRead(to: IGrantable): void {
    this.#grants.readHistory(to);
  }

  #bodies({ busName, settings, encryptionKey }: EventHistoryProps): Bucket {
    const { removalPolicy } = settings;
    const { account, region } = this.table.stack;
    // It works by a function that CloudFormation waits for, and emulators leave it waiting.
    const empty = removalPolicy === RemovalPolicy.DESTROY && !omitted(this).has("auto-delete");
    const bucket = new Bucket(this, "Bodies", {
      bucketName: resourceNames.bodiesBucket(busName, account, region),
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      enforceSSL: true,
      ...(encryptionKey === undefined
        ? { encryption: BucketEncryption.S3_MANAGED }
        : { encryption: BucketEncryption.KMS, encryptionKey, bucketKeyEnabled: true }),
      // A day more than the row that names the body, which readers stop showing at its time.
      lifecycleRules: [
        {
          prefix: bodyPrefixes.events,
          expiration: Duration.days(Math.ceil(this.retention.toDays({ integral: false })) + 1),
        },
        // Named by a message, which its queue keeps no longer.
        { prefix: unpublishedBodies, expiration: Duration.days(Duration.millis(queueRetentionMs).toDays() + 1) },
        { abortIncompleteMultipartUploadAfter: Duration.days(1) },
      ],
      removalPolicy,
      autoDeleteObjects: empty,
    });
    acknowledge(
      bucket,
      "Only the functions of this bus read and write it, which CloudTrail can log by object where that is wanted.",
      "AwsSolutions-S1",
    );
    return bucket;
  }

  #recorder(props: EventHistoryProps): WaggleFunction {
    const { busName, encryptionKey, settings, catalog } = props;
    const timeout = Duration.seconds(30);
    const { batchSize, maxConcurrency, windowSeconds } = checkedBatches(props);
    const queueName = resourceNames.historyQueue(busName);
    const queue = busQueue(this, "Queue", {
      queueName,
      encryptionKey,
      // While messages are gathered they are hidden, too.
      visibilityTimeout: Duration.seconds(timeout.toSeconds() * 6 + windowSeconds),
      deadLetters: { queue: this.deadLetters, maxReceiveCount: 100 },
    });
    registerRule(this, busName, resourceNames.historyRule, false);
    new CfnRule(this, "Rule", {
      name: resourceNames.historyRule,
      eventBusName: busName,
      description: `Every event of bus ${busName} that history keeps`,
      eventPattern: recordedPattern(catalog),
      targets: [{ id: "queue", arn: queue.queueArn, deadLetterConfig: { arn: this.deadLetters.queueArn } }],
    });
    const rule = new BusArns(this, busName).rule(resourceNames.historyRule);
    for (const one of [queue, this.deadLetters]) allowRule(one, rule);

    const recorder = new WaggleFunction(this, "Recorder", {
      functionName: resourceNames.recordHistoryFunction(busName),
      entry: recorderEntry(busName, "record-history", "recordHistory", { catalog }),
      description: `Records the events of bus ${busName}`,
      timeout,
      environment: { [functionVariables.bus]: props.config(this) },
      logRetention: settings.logRetention,
      removalPolicy: settings.removalPolicy,
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

/** What Lambda takes of an event source. `invalid_config`. */
function checkedBatches({
  batchSize = 10,
  batchingWindow = Duration.seconds(0),
  maxConcurrency = 20,
}: EventHistoryOptions) {
  const windowSeconds = batchingWindow.toSeconds({ integral: false });
  for (const [name, value, least, most] of [
    ["batchSize", batchSize, 1, 10_000],
    ["maxConcurrency", maxConcurrency, 2, 1_000],
    ["batchingWindow in seconds", windowSeconds, 0, 300],
  ] as const) {
    if (Number.isInteger(value) && value >= least && value <= most) continue;
    throw new BusError("invalid_config", `history: ${name} is ${value}; give a whole number from ${least} to ${most}`);
  }
  if (batchSize > 10 && windowSeconds === 0) {
    throw new BusError(
      "invalid_config",
      `history: batchSize is ${batchSize}, and Lambda gathers more than 10 only where it may wait for them; give a batchingWindow of at least 1 s, too`,
    );
  }
  return { batchSize, maxConcurrency, windowSeconds };
}

/** All but the types of which history keeps nothing. What an archive replays was recorded when it was published. */
function recordedPattern(catalog: CatalogModule | undefined): Readonly<Record<string, unknown>> {
  const { types, get } = catalog?.catalog ?? standardCatalog;
  const nonHistorical = types().filter((type) => get(type)?.history === false);
  const pattern = {
    "detail-type": nonHistorical.length === 0 ? [{ exists: true }] : [{ "anything-but": nonHistorical }],
    "replay-name": [{ exists: false }],
  };
  const { length } = JSON.stringify(pattern);
  if (length <= patternLimit) return pattern;
  throw new BusError(
    "invalid_config",
    `the catalog has ${nonHistorical.length} types with \`history: false\`, a pattern of ${length} characters, and EventBridge takes ${patternLimit}; let history keep some of them, or give them shorter names`,
  );
}
