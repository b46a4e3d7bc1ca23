import { Duration, Stack } from "aws-cdk-lib";
import { Match } from "aws-cdk-lib/assertions";
import { Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { describe, expect, test } from "vitest";
import { type BusConfig, parseBusConfig } from "../../lib/aws-shared/index.ts";
import { AgentEventBus, BusForward, QueueSubscriber } from "../../lib/cdk/index.ts";
import { aBus, allowed, anApp, aStackWithBus } from "./synthesis.ts";

describe("an AgentEventBus", () => {
  const template = aBus().template();

  test("is a bus with an archive of all, to which EventBridge itself adds that nothing replayed comes in", () => {
    template.hasResourceProperties("AWS::Events::EventBus", { Name: "agents" });
    template.hasResourceProperties("AWS::Events::Archive", {
      ArchiveName: "agents-archive",
      EventPattern: Match.absent(),
      RetentionDays: 7,
    });
  });

  test("has its tables on demand, with keys as the engine knows them, recovery and expiry", () => {
    for (const [name, keys] of [
      ["agents-history", ["pk", "sk"]],
      ["agents-deliveries", ["pk"]],
    ] as const) {
      template.hasResourceProperties("AWS::DynamoDB::Table", {
        TableName: name,
        KeySchema: keys.map((key) => Match.objectLike({ AttributeName: key })),
        BillingMode: "PAY_PER_REQUEST",
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
        TimeToLiveSpecification: { AttributeName: "ttl", Enabled: true },
        GlobalSecondaryIndexes: Match.absent(),
      });
    }
  });

  test("records every event but those that history does not keep, in batches of ten", () => {
    template.hasResourceProperties("AWS::Events::Rule", {
      Name: "waggle-history",
      EventPattern: {
        "detail-type": [{ "anything-but": Match.arrayWith(["client.output.delta"]) }],
        "replay-name": [{ exists: false }],
      },
      Targets: [Match.objectLike({ DeadLetterConfig: Match.anyValue() })],
    });
    template.hasResourceProperties("AWS::Lambda::EventSourceMapping", {
      EventSourceArn: { "Fn::GetAtt": [Match.stringLikeRegexp("HistoryQueue"), "Arn"] },
      BatchSize: 10,
      FunctionResponseTypes: ["ReportBatchItemFailures"],
    });
  });

  test("lets larger batches be gathered for a while", () => {
    const larger = aBus({ history: { batchSize: 100, batchingWindow: Duration.seconds(2) } }).template();
    larger.hasResourceProperties("AWS::Lambda::EventSourceMapping", {
      BatchSize: 100,
      MaximumBatchingWindowInSeconds: 2,
    });
    larger.hasResourceProperties("AWS::SQS::Queue", { QueueName: "agents-history", VisibilityTimeout: 6 * 30 + 2 });
  });

  test("keeps large bodies in a bucket that nobody sees, for as long as their events", () => {
    template.hasResourceProperties("AWS::S3::Bucket", {
      BucketName: {
        "Fn::Join": ["", ["waggle-agents-bodies-", { Ref: "AWS::AccountId" }, "-", { Ref: "AWS::Region" }]],
      },
      PublicAccessBlockConfiguration: Match.objectLike({ RestrictPublicBuckets: true }),
      LifecycleConfiguration: {
        Rules: Match.arrayWith([
          Match.objectLike({ Prefix: "events/", ExpirationInDays: 8 }),
          Match.objectLike({ Prefix: "unpublished/", ExpirationInDays: 15 }),
        ]),
      },
    });
    template.hasResourceProperties("AWS::S3::BucketPolicy", {
      PolicyDocument: Match.objectLike({
        Statement: Match.arrayWith([
          Match.objectLike({ Effect: "Deny", Condition: { Bool: { "aws:SecureTransport": "false" } } }),
        ]),
      }),
    });
  });

  test("its record-dead-letter drains what publishers could not publish, and may drain every subscription's", () => {
    template.hasResourceProperties("AWS::Lambda::Function", { FunctionName: "agents-record-dead-letter" });
    template.hasResourceProperties("AWS::Lambda::EventSourceMapping", {
      EventSourceArn: { "Fn::GetAtt": [Match.stringLikeRegexp("Unpublished"), "Arn"] },
    });
    const drains = allowed(template, "sqs:ReceiveMessage").map(({ resources }) => resources);
    expect(drains.join()).toMatch(/:agents-\*-dlq".*:agents-\*-dlq\.fifo".*:agents-unpublished"/);
  });

  test("tells its clients in a parameter what they have to know, readable as a BusConfig", () => {
    const [parameter] = Object.values(template.findResources("AWS::SSM::Parameter"));
    expect(parameter?.Properties.Name).toBe("/waggle/agents/config");
    const [, parts] = parameter?.Properties.Value["Fn::Join"] ?? [];
    const text = parts.map((part: unknown) => (typeof part === "string" ? part : "deployed")).join("");
    expect(parseBusConfig(text, "the parameter")).toEqual({
      schema: 1,
      bus: "agents",
      historyTable: "agents-history",
      deliveriesTable: "agents-deliveries",
      publisherDeadLetterQueueUrl: "deployed",
      bodiesBucket: "deployed",
      retentionMs: 7 * 86_400_000,
      maxRequestBytes: 1_048_576,
    } satisfies BusConfig);
  });

  test("lets another account publish, as the sources named and no other", () => {
    const shared = aBus({ publishers: [{ account: "123456789012", sources: ["crew", "billing"] }] }).template();
    shared.hasResourceProperties("AWS::Events::EventBusPolicy", {
      EventBusName: Match.anyValue(),
      StatementId: "publisher-123456789012",
      Statement: {
        Effect: "Allow",
        Principal: { AWS: { "Fn::Join": ["", ["arn:", { Ref: "AWS::Partition" }, ":iam::123456789012:root"]] } },
        Action: "events:PutEvents",
        Condition: { StringEquals: { "events:source": ["crew", "billing"] } },
      },
    });
  });

  test("refuses a publisher that is not an account", () => {
    expect(() => aBus({ publishers: [{ account: "crew", sources: ["crew"] }] })).toThrow(
      /publisher "crew" is not an account/,
    );
  });
});

describe("stages", () => {
  test("dev leaves nothing behind", () => {
    const template = aBus({ encryptionKey: true }, { stage: "dev" }).template();
    const kept = Object.values(template.toJSON().Resources).filter((one) => Object(one).DeletionPolicy === "Retain");
    expect(kept).toEqual([]);
    template.resourceCountIs("Custom::S3AutoDeleteObjects", 1);
  });

  test("prod keeps tables, bodies, archive with its bus, key and logs, and locks the tables", () => {
    const template = aBus({ encryptionKey: true }, { stage: "prod" }).template();
    for (const type of [
      "AWS::DynamoDB::Table",
      "AWS::S3::Bucket",
      "AWS::Events::Archive",
      "AWS::Events::EventBus",
      "AWS::KMS::Key",
      "AWS::Logs::LogGroup",
    ]) {
      template.allResources(type, { DeletionPolicy: "Retain", UpdateReplacePolicy: "Retain" });
    }
    template.allResourcesProperties("AWS::DynamoDB::Table", { DeletionProtectionEnabled: true });
    template.allResourcesProperties("AWS::Logs::LogGroup", { RetentionInDays: 90 });
    template.hasResourceProperties("AWS::Events::Archive", { RetentionDays: 90 });
  });
});

describe("what an emulator refuses is left out on request", () => {
  const publishers = [{ account: "123456789012", sources: ["crew"] }] as const;

  test.each([
    ["archive", "AWS::Events::Archive"],
    ["bus-policy", "AWS::Events::EventBusPolicy"],
    ["auto-delete", "Custom::S3AutoDeleteObjects"],
  ])("%s", (name, type) => {
    aBus({ publishers }).template().resourceCountIs(type, 1);
    aBus({ publishers }, { omit: `dashboard,${name}` })
      .template()
      .resourceCountIs(type, 0);
  });

  test("and nothing else by mistake", () => {
    expect(() => aBus({}, { omit: "archives" })).toThrow(/context omit names "archives"; give archive, bus-policy/);
  });
});

describe("what a client may do", () => {
  const roleIn = (stack: Stack) =>
    new Role(stack, "Agent", { assumedBy: new ServicePrincipal("ecs-tasks.amazonaws.com") });

  test("publish: find the bus, put events on it, and keep what it does not take", () => {
    const { stack, bus, template } = aStackWithBus();
    bus.grantPublish(roleIn(stack));
    const made = template();
    expect(
      allowed(made, "events:PutEvents")
        .map(({ resources }) => resources)
        .join(),
    ).toMatch(/:event-bus\/agents"/);
    expect(
      allowed(made, "sqs:SendMessage")
        .map(({ resources }) => resources)
        .join(),
    ).toMatch(/:agents-unpublished"/);
    expect(
      allowed(made, "s3:PutObject")
        .map(({ resources }) => resources)
        .join(),
    ).toMatch(/\/unpublished\/\*"/);
    expect(allowed(made, "ssm:GetParameter")).toHaveLength(1);
    expect(allowed(made, "dynamodb:Query")).toEqual([]);
  });

  test("read history: the table and its bodies, and write nothing", () => {
    const { stack, bus, template } = aStackWithBus();
    bus.grantReadHistory(roleIn(stack));
    const made = template();
    expect(
      allowed(made, "dynamodb:Query")
        .map(({ resources }) => resources)
        .join(),
    ).toMatch(/:table\/agents-history"/);
    for (const action of ["dynamodb:PutItem", "events:PutEvents", "s3:PutObject"])
      expect(allowed(made, action)).toEqual([]);
  });

  test("a subscriber or a reader deletes nothing of history; an operator does, dead letters' bodies included", () => {
    const reader = aStackWithBus();
    new QueueSubscriber(reader.stack, "Queue", {
      bus: reader.bus,
      subscription: { name: "queue", on: "*" },
    }).grantConsume(roleIn(reader.stack));
    const tables = allowed(reader.template(), "dynamodb:DeleteItem").map(({ resources }) => resources);
    expect(tables).toEqual([expect.stringMatching(/:table\/agents-deliveries"/)]);
    const operator = aStackWithBus();
    operator.bus.grantOperate(roleIn(operator.stack));
    const made = operator.template();
    expect(
      allowed(made, "dynamodb:DeleteItem")
        .map(({ resources }) => resources)
        .join(),
    ).toMatch(/:table\/agents-history"/);
    expect(
      allowed(made, "s3:DeleteObject")
        .map(({ resources }) => resources)
        .join(),
    ).toMatch(/\/dead-letters\/\*"/);
  });

  test("operate: redrive to the bus's queues, replay from its archive", () => {
    const { stack, bus, template } = aStackWithBus();
    bus.grantOperate(roleIn(stack));
    const made = template();
    expect(
      allowed(made, "sqs:SendMessage")
        .map(({ resources }) => resources)
        .join(),
    ).toMatch(/:agents-\*"/);
    const resourcesOf = (action: string) =>
      allowed(made, action)
        .map(({ resources }) => resources)
        .join();
    for (const resource of [/event-bus\/agents"/, /archive\/agents-archive"/, /replay\/agents-\*"/]) {
      expect(resourcesOf("events:StartReplay")).toMatch(resource);
    }
    expect(resourcesOf("events:DescribeArchive")).toMatch(/archive\/agents-archive"/);
    for (const action of ["events:DescribeReplay", "events:CancelReplay"]) {
      expect(resourcesOf(action)).toMatch(/replay\/agents-\*"/);
      expect(resourcesOf(action)).not.toContain("archive");
    }
  });
});

test("a BusForward puts events on another account's bus by a role for that bus alone; what fails is a dead letter", () => {
  const { stack, bus, template } = aStackWithBus();
  const toBusArn = "arn:aws:events:eu-west-1:210987654321:event-bus/theirs";
  new BusForward(stack, "Theirs", { bus, name: "to-theirs", on: "task.*", where: { source: ["crew"] }, toBusArn });
  const made = template();
  made.hasResourceProperties("AWS::Events::Rule", {
    Name: "to-theirs",
    EventPattern: { "detail-type": [{ prefix: "task." }], source: ["crew"] },
    Targets: [Match.objectLike({ Arn: toBusArn, RoleArn: Match.anyValue(), DeadLetterConfig: Match.anyValue() })],
  });
  made.hasResourceProperties("AWS::IAM::Role", {
    Policies: [
      {
        PolicyDocument: Match.objectLike({
          Statement: [Match.objectLike({ Action: "events:PutEvents", Resource: toBusArn })],
        }),
      },
    ],
  });
  made.hasResourceProperties("AWS::Lambda::EventSourceMapping", { FunctionName: "agents-record-dead-letter" });
});

test("functions in the bus's own stack are told of the bus directly, in another by its parameter", () => {
  const app = anApp();
  const stack = new Stack(app, "bus");
  const bus = new AgentEventBus(stack, "Bus", { busName: "agents" });
  expect(JSON.stringify(stack.resolve(bus.configFor(stack)))).toContain("agents-history");
  const other = new Stack(app, "team");
  expect(other.resolve(bus.configFor(other))).toEqual({ Ref: expect.stringMatching(/^SsmParameterValue/) });
});
