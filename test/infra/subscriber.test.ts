import { Duration, Stack } from "aws-cdk-lib";
import { Match } from "aws-cdk-lib/assertions";
import { Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { describe, expect, test } from "vitest";
import { QueueSubscriber } from "../../lib/cdk/index.ts";
import { lambdaConcurrency } from "../../lib/cdk/lambda-concurrency.ts";
import { allowed, aStackWithBus, aSubscriber, readers } from "./synthesis.ts";

describe("a Subscriber", () => {
  const { template } = aSubscriber();

  test("has a rule on the bus with the pattern for the envelope and its queue as target", () => {
    template.hasResourceProperties("AWS::Events::Rule", {
      Name: "readers",
      EventBusName: "agents",
      EventPattern: { "detail-type": ["task.assigned"], detail: { data: { agentId: [{ prefix: "reader-" }] } } },
      Targets: [
        Match.objectLike({
          Arn: { "Fn::GetAtt": [Match.stringLikeRegexp("ReadersSubscriptionQueue"), "Arn"] },
          DeadLetterConfig: { Arn: { "Fn::GetAtt": [Match.stringLikeRegexp("DeadLetters"), "Arn"] } },
          RetryPolicy: { MaximumEventAgeInSeconds: 86_400, MaximumRetryAttempts: 185 },
        }),
      ],
    });
  });

  test("keeps messages for 14 days, hides them for 6 times the function's timeout, and has a high receive count", () => {
    template.hasResourceProperties("AWS::SQS::Queue", {
      QueueName: "agents-readers",
      MessageRetentionPeriod: 1_209_600,
      VisibilityTimeout: 240,
      SqsManagedSseEnabled: true,
      RedrivePolicy: { maxReceiveCount: 100, deadLetterTargetArn: Match.anyValue() },
    });
    template.hasResourceProperties("AWS::SQS::Queue", {
      QueueName: "agents-readers-dlq",
      RedrivePolicy: Match.absent(),
    });
  });

  test("has a dead-letter queue for rule and queue that the bus's record-dead-letter drains", () => {
    template.hasResourceProperties("AWS::Lambda::EventSourceMapping", {
      FunctionName: "agents-record-dead-letter",
      EventSourceArn: { "Fn::GetAtt": [Match.stringLikeRegexp("DeadLetters"), "Arn"] },
      FunctionResponseTypes: ["ReportBatchItemFailures"],
    });
  });

  test("accepts messages in its queues only from its own rule and over TLS", () => {
    for (const policy of Object.values(template.findResources("AWS::SQS::QueuePolicy"))) {
      const [tls, rule] = policy.Properties.PolicyDocument.Statement;
      expect(tls).toMatchObject({ Effect: "Deny", Condition: { Bool: { "aws:SecureTransport": "false" } } });
      expect(rule).toMatchObject({ Action: "sqs:SendMessage", Principal: { Service: "events.amazonaws.com" } });
      expect(JSON.stringify(rule.Condition.ArnEquals)).toContain(":rule/agents/readers");
    }
    template.resourceCountIs("AWS::SQS::QueuePolicy", 2);
  });

  test("has a function on Node 24 and arm64 that runs for the timeout plus 10 s, with batches for its concurrency", () => {
    template.hasResourceProperties("AWS::Lambda::Function", {
      Runtime: "nodejs24.x",
      Architectures: ["arm64"],
      Timeout: 40,
      Environment: {
        Variables: {
          NODE_OPTIONS: "--enable-source-maps",
          WAGGLE_AWS_BUS: { Ref: Match.stringLikeRegexp("^SsmParameterValuewaggleagentsconfig") },
          WAGGLE_AWS_SUBSCRIPTION: Match.anyValue(),
        },
      },
    });
    template.hasResourceProperties("AWS::Lambda::EventSourceMapping", {
      EventSourceArn: { "Fn::GetAtt": [Match.stringLikeRegexp("SubscriptionQueue"), "Arn"] },
      BatchSize: 5,
      ScalingConfig: { MaximumConcurrency: 2 },
      FunctionResponseTypes: ["ReportBatchItemFailures"],
    });
    template.hasResourceProperties("AWS::Logs::LogGroup", { RetentionInDays: 7 });
  });

  test("passes the deployed subscription to its function and to a parameter alike", () => {
    const [parameter] = Object.values(template.findResources("AWS::SSM::Parameter"));
    const [fn] = Object.values(template.findResources("AWS::Lambda::Function"));
    expect(parameter?.Properties.Name).toBe("/waggle/agents/subscriptions/readers");
    expect(parameter?.Properties.Value).toEqual(fn?.Properties.Environment.Variables.WAGGLE_AWS_SUBSCRIPTION);
    expect(JSON.stringify(parameter?.Properties.Value)).toContain('\\"attempts\\":5');
  });

  test("has a role that may consume only its own queue, without managed policies", () => {
    expect(allowed(template, "sqs:ReceiveMessage").map(({ resources }) => resources)).toEqual([
      expect.stringMatching(/:agents-readers"\]\]}$/),
    ]);
    template.hasResourceProperties("AWS::IAM::Role", { ManagedPolicyArns: Match.absent() });
  });

  test("imports nothing from another stack, since it needs only the bus's name", () => {
    expect(JSON.stringify(template.toJSON())).not.toContain("Fn::ImportValue");
  });

  test("has alarms that notify the bus's topic, with a runbook and a rule for missing data", () => {
    const alarms = Object.values(template.findResources("AWS::CloudWatch::Alarm")).map(({ Properties }) => Properties);
    expect(alarms.map(({ AlarmName }) => AlarmName).toSorted()).toEqual([
      "agents-readers-dead-letters",
      "agents-readers-dead-letters-stuck",
      "agents-readers-events-lost",
      "agents-readers-function-fails",
      "agents-readers-oldest-message",
    ]);
    for (const { AlarmActions, AlarmDescription, TreatMissingData } of alarms) {
      expect(JSON.stringify(AlarmActions)).toContain(":agents-alarms");
      expect(AlarmDescription).toMatch(/Runbook: docs\/aws\/operate\.md#[a-z-]+ /);
      expect(TreatMissingData).toBe("notBreaching");
    }
  });
});

test("the alarm for stuck dead letters counts messages, as SQS has no age for messages that are received repeatedly", () => {
  aSubscriber().template.hasResourceProperties("AWS::CloudWatch::Alarm", {
    AlarmName: "agents-readers-dead-letters-stuck",
    EvaluationPeriods: 15,
    Threshold: 0,
    Metrics: [
      Match.objectLike({ Expression: "visible + hidden", ReturnData: true }),
      ...["Visible", "NotVisible"].map((which) =>
        Match.objectLike({
          MetricStat: Match.objectLike({
            Metric: Match.objectLike({
              MetricName: `ApproximateNumberOfMessages${which}`,
              Dimensions: [{ Name: "QueueName", Value: "agents-readers-dlq" }],
            }),
            Period: 60,
          }),
        }),
      ),
    ],
  });
});

test("an alarm fires if invocations of the function fail, which no delivery reports", () => {
  const { subscriber, template } = aSubscriber();
  template.hasResourceProperties("AWS::CloudWatch::Alarm", {
    AlarmName: "agents-readers-function-fails",
    Namespace: "AWS/Lambda",
    MetricName: "Errors",
    Dimensions: [{ Name: "FunctionName", Value: Stack.of(subscriber).resolve(subscriber.function.functionName) }],
    EvaluationPeriods: 3,
  });
});

test("a concurrency of 1 uses batches of one and relies on the lock in the deliveries table", () => {
  const { template } = aSubscriber({ concurrency: 1 });
  template.hasResourceProperties("AWS::Lambda::EventSourceMapping", {
    BatchSize: 1,
    ScalingConfig: { MaximumConcurrency: 2 },
  });
});

test.each([
  [1, 1, 2],
  [2, 1, 2],
  [3, 1, 3],
  [10, 5, 2],
  [11, 5, 2],
  [20, 10, 2],
  [100, 10, 10],
  [1_000, 10, 100],
])("a concurrency of %i becomes batches of %i and %i functions", (concurrency, batchSize, functions) => {
  expect(lambdaConcurrency(concurrency)).toEqual({ batchSize, functions });
});

test("a concurrency above 1 is never exceeded, and at most a tenth of it is unused", () => {
  for (let concurrency = 2; concurrency <= 1_000; concurrency += 1) {
    const { batchSize, functions } = lambdaConcurrency(concurrency);
    expect(batchSize * functions).toBeLessThanOrEqual(concurrency);
    expect(batchSize * functions).toBeGreaterThanOrEqual(concurrency * 0.9);
    expect(functions).toBeGreaterThanOrEqual(2);
  }
});

test("an explicit batch size does not exceed the concurrency", () => {
  const { template } = aSubscriber({ concurrency: 10 }, { batchSize: 3 });
  template.hasResourceProperties("AWS::Lambda::EventSourceMapping", {
    BatchSize: 3,
    ScalingConfig: { MaximumConcurrency: 3 },
  });
});

test("the threshold of an alarm can be set, and alarms can be disabled", () => {
  const later = aSubscriber({}, { alarms: { oldestMessage: Duration.hours(2) } });
  later.template.hasResourceProperties("AWS::CloudWatch::Alarm", {
    AlarmName: "agents-readers-oldest-message",
    Threshold: 7_200,
  });
  aSubscriber({}, { alarms: false }).template.resourceCountIs("AWS::CloudWatch::Alarm", 0);
});

test("a pattern with null, which a template cannot contain, is written as a string", () => {
  const { template } = aSubscriber({ where: { data: { agentId: [null] } } });
  template.hasResourceProperties("AWS::Events::Rule", {
    EventPattern: '{"detail":{"data":{"agentId":[null]}},"detail-type":["task.assigned"]}',
  });
});

test("a QueueSubscriber has a queue but no function, and can allow a role to consume it", () => {
  const { stack, bus, template } = aStackWithBus();
  const subscriber = new QueueSubscriber(stack, "Readers", { bus, subscription: readers });
  const role = new Role(stack, "Agent", { assumedBy: new ServicePrincipal("ecs-tasks.amazonaws.com") });
  subscriber.grantConsume(role);
  const synthesized = template();
  synthesized.resourceCountIs("AWS::Lambda::Function", 0);
  synthesized.hasResourceProperties("AWS::SQS::Queue", { QueueName: "agents-readers", VisibilityTimeout: 60 });
  const [parameter] = Object.values(synthesized.findResources("AWS::SSM::Parameter"));
  expect(JSON.stringify(parameter)).toContain('\\"consumer\\":\\"process\\"');
  expect(allowed(synthesized, "sqs:ReceiveMessage")).toHaveLength(1);
  expect(
    allowed(synthesized, "dynamodb:UpdateItem")
      .map(({ resources }) => resources)
      .join(),
  ).toContain(":table/agents-deliveries");
});

test.each([
  ["throttle", { throttle: { limit: 1, per: "1s", key: "data.taskId" } }],
  ["concurrencyPerKey", { concurrencyPerKey: { key: "data.taskId", limit: 1 } }],
] as const)("a message may be received often while it waits for %s", (_, limits) => {
  const { stack, bus, template } = aStackWithBus();
  new QueueSubscriber(stack, "Readers", { bus, subscription: { ...readers, ...limits } });
  template().hasResourceProperties("AWS::SQS::Queue", {
    QueueName: "agents-readers",
    RedrivePolicy: { maxReceiveCount: 1_000 },
  });
});
