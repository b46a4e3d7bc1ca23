import { Duration, Stack } from "aws-cdk-lib";
import { Match } from "aws-cdk-lib/assertions";
import { Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { describe, expect, test } from "vitest";
import { type BusConfig, parseBusConfig } from "../../lib/aws-shared/index.ts";
import { AgentEventBus, BusForward, QueueSubscriber } from "../../lib/cdk/index.ts";
import { aBus, allowed, anApp, aStackWithBus } from "./synthesis.ts";

describe("an AgentEventBus", () => {
  const template = aBus().template();

  test("has an archive without a pattern, to which EventBridge adds the exclusion of replayed events", () => {
    template.hasResourceProperties("AWS::Events::EventBus", { Name: "agents" });
    template.hasResourceProperties("AWS::Events::Archive", {
      ArchiveName: "agents-archive",
      EventPattern: Match.absent(),
      RetentionDays: 7,
    });
  });

  test("has on-demand tables with the keys of the engine, recovery and expiry", () => {
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

  test("records every event except types with `history: false`, in batches of ten", () => {
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

  test("supports larger batches with a batching window", () => {
    const larger = aBus({ history: { batchSize: 100, batchingWindow: Duration.seconds(2) } }).template();
    larger.hasResourceProperties("AWS::Lambda::EventSourceMapping", {
      BatchSize: 100,
      MaximumBatchingWindowInSeconds: 2,
    });
    larger.hasResourceProperties("AWS::SQS::Queue", { QueueName: "agents-history", VisibilityTimeout: 6 * 30 + 2 });
  });

  test("keeps large bodies in a private bucket as long as their events", () => {
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

  test("has a record-dead-letter that drains the publishers' queue, and may drain that of every subscription", () => {
    template.hasResourceProperties("AWS::Lambda::Function", { FunctionName: "agents-record-dead-letter" });
    template.hasResourceProperties("AWS::Lambda::EventSourceMapping", {
      EventSourceArn: { "Fn::GetAtt": [Match.stringLikeRegexp("Unpublished"), "Arn"] },
    });
    const drains = allowed(template, "sqs:ReceiveMessage").map(({ resources }) => resources);
    expect(drains.join()).toMatch(/:agents-\*-dlq".*:agents-\*-dlq\.fifo".*:agents-unpublished"/);
  });

  test("has a parameter with a BusConfig for its clients", () => {
    const parameters = Object.values(template.findResources("AWS::SSM::Parameter"));
    expect(parameters.map(({ Properties }) => Properties.Name).sort()).toEqual([
      "/waggle/agents/config",
      "/waggle/agents/logs/_record-dead-letter",
      "/waggle/agents/logs/_record-history",
    ]);
    const parameter = parameters.find(({ Properties }) => Properties.Name === "/waggle/agents/config");
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

  test("allows another account to publish only with the given sources", () => {
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

  test("allows the accounts of an organization to publish only with the given sources", () => {
    const publishers = [{ organization: "o-a1b2c3d4e5", sources: ["crew"] }] as const;
    aBus({ publishers })
      .template()
      .hasResourceProperties("AWS::Events::EventBusPolicy", {
        StatementId: "publisher-o-a1b2c3d4e5",
        Statement: {
          Effect: "Allow",
          Principal: "*",
          Action: "events:PutEvents",
          Resource: { "Fn::GetAtt": [Match.stringLikeRegexp("^Bus"), "Arn"] },
          Condition: { StringEquals: { "events:source": ["crew"], "aws:PrincipalOrgID": "o-a1b2c3d4e5" } },
        },
      });
  });

  test("refuses a publisher whose organization is not the id of one", () => {
    expect(() => aBus({ publishers: [{ organization: "crew", sources: ["crew"] }] })).toThrow(
      /the organization of a publisher must be an id such as "o-a1b2c3d4e5", not "crew"/,
    );
  });

  test("refuses a publisher whose account is not an account id", () => {
    expect(() => aBus({ publishers: [{ account: "crew", sources: ["crew"] }] })).toThrow(
      /the account of a publisher must be an account id of twelve digits, not "crew"/,
    );
  });
});

describe("the context `omit` omits", () => {
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

  test("no unknown part", () => {
    expect(() => aBus({}, { omit: "archives" })).toThrow(
      /context omit must be one or more of archive, bus-policy, .*, not "archives"/,
    );
  });
});

describe("grants", () => {
  const roleIn = (stack: Stack) =>
    new Role(stack, "Agent", { assumedBy: new ServicePrincipal("ecs-tasks.amazonaws.com") });

  test("of a publisher allow finding the bus, publishing, and keeping events that the bus does not accept", () => {
    const { stack, bus, template } = aStackWithBus();
    bus.grantPublish(roleIn(stack));
    const synthesized = template();
    expect(
      allowed(synthesized, "events:PutEvents")
        .map(({ resources }) => resources)
        .join(),
    ).toMatch(/:event-bus\/agents"/);
    expect(
      allowed(synthesized, "sqs:SendMessage")
        .map(({ resources }) => resources)
        .join(),
    ).toMatch(/:agents-unpublished"/);
    expect(
      allowed(synthesized, "s3:PutObject")
        .map(({ resources }) => resources)
        .join(),
    ).toMatch(/\/unpublished\/\*"/);
    expect(allowed(synthesized, "ssm:GetParameter")).toHaveLength(1);
    expect(allowed(synthesized, "dynamodb:Query")).toEqual([]);
  });

  test("of a history reader allow reading the table and its bodies, and writing nothing", () => {
    const { stack, bus, template } = aStackWithBus();
    bus.grantReadHistory(roleIn(stack));
    const synthesized = template();
    expect(
      allowed(synthesized, "dynamodb:Query")
        .map(({ resources }) => resources)
        .join(),
    ).toMatch(/:table\/agents-history"/);
    expect(
      allowed(synthesized, "dynamodb:BatchGetItem")
        .map(({ resources }) => resources)
        .join(),
    ).toMatch(/:table\/agents-history".*:table\/agents-deliveries"/s);
    for (const action of ["dynamodb:PutItem", "dynamodb:UpdateItem", "events:PutEvents", "s3:PutObject"])
      expect(allowed(synthesized, action)).toEqual([]);
  });

  test("allow an operator, but no subscriber, to delete dead letters from history", () => {
    const reader = aStackWithBus();
    new QueueSubscriber(reader.stack, "Queue", {
      bus: reader.bus,
      subscription: { name: "queue", on: "*" },
    }).grantConsume(roleIn(reader.stack));
    const tables = allowed(reader.template(), "dynamodb:DeleteItem").map(({ resources }) => resources);
    expect(tables).toEqual([expect.stringMatching(/:table\/agents-deliveries"/)]);
    const operator = aStackWithBus();
    operator.bus.grantOperate(roleIn(operator.stack));
    const synthesized = operator.template();
    expect(
      allowed(synthesized, "dynamodb:DeleteItem")
        .map(({ resources }) => resources)
        .join(),
    ).toMatch(/:table\/agents-history"/);
    expect(
      allowed(synthesized, "s3:DeleteObject")
        .map(({ resources }) => resources)
        .join(),
    ).toMatch(/\/dead-letters\/\*"/);
  });

  test("of an operator allow redriving to the bus's queues and replaying from its archive", () => {
    const { stack, bus, template } = aStackWithBus();
    bus.grantOperate(roleIn(stack));
    const synthesized = template();
    expect(
      allowed(synthesized, "sqs:SendMessage")
        .map(({ resources }) => resources)
        .join(),
    ).toMatch(/:agents-\*"/);
    const resourcesOf = (action: string) =>
      allowed(synthesized, action)
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

test("a BusForward puts events on another account's bus with a role for that bus only, and has a dead-letter queue", () => {
  const { stack, bus, template } = aStackWithBus();
  const toBusArn = "arn:aws:events:eu-west-1:210987654321:event-bus/theirs";
  new BusForward(stack, "Theirs", { bus, name: "to-theirs", on: "task.*", where: { source: ["crew"] }, toBusArn });
  const synthesized = template();
  synthesized.hasResourceProperties("AWS::Events::Rule", {
    Name: "to-theirs",
    EventPattern: { "detail-type": [{ prefix: "task." }], source: ["crew"] },
    Targets: [Match.objectLike({ Arn: toBusArn, RoleArn: Match.anyValue(), DeadLetterConfig: Match.anyValue() })],
  });
  synthesized.hasResourceProperties("AWS::IAM::Role", {
    Policies: [
      {
        PolicyDocument: Match.objectLike({
          Statement: [Match.objectLike({ Action: "events:PutEvents", Resource: toBusArn })],
        }),
      },
    ],
  });
  synthesized.hasResourceProperties("AWS::Lambda::EventSourceMapping", { FunctionName: "agents-record-dead-letter" });
});

test("functions get the configuration directly in the bus's own stack, and from the parameter in another", () => {
  const app = anApp();
  const stack = new Stack(app, "bus");
  const bus = new AgentEventBus(stack, "Bus", { busName: "agents" });
  expect(JSON.stringify(stack.resolve(bus.configFor(stack)))).toContain("agents-history");
  const other = new Stack(app, "team");
  expect(other.resolve(bus.configFor(other))).toEqual({ Ref: expect.stringMatching(/^SsmParameterValue/) });
});
