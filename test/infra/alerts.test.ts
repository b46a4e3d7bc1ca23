import { Match } from "aws-cdk-lib/assertions";
import { Topic } from "aws-cdk-lib/aws-sns";
import { describe, expect, test } from "vitest";
import { FlowMonitor, type FlowMonitorSettings } from "../../lib/cdk/index.ts";
import { allowed, aStackWithBus, only } from "./synthesis.ts";

function aMonitor(settings: FlowMonitorSettings) {
  const { bus, stack, template } = aStackWithBus();
  const monitor = new FlowMonitor(stack, "Flows", { bus, ...settings });
  return { monitor, stack, template };
}

/** The pattern of a rule for what rules of alerts raise and clear. */
const pattern = { "detail-type": ["system.performance.alert"], detail: { data: { alert: [{ exists: true }] } } };

test("each rule has an alarm of its own, which is in ALARM while an alert of it is active", () => {
  const { monitor, template } = aMonitor({ rules: [{ kind: "loop" }, { kind: "cost", limit: 5, name: "budget" }] });
  expect([...monitor.alerts.keys()]).toEqual(["loop", "budget"]);
  for (const [name, described] of [
    ["loop", "The rule loop has raised alerts"],
    ["budget", String.raw`The rule budget \(cost\) has raised alerts`],
  ]) {
    template().hasResourceProperties("AWS::CloudWatch::Alarm", {
      AlarmName: `agents-alert-${name}`,
      Namespace: "Waggle",
      MetricName: "ActiveAlerts",
      Dimensions: Match.arrayWith([
        { Name: "Alert", Value: name },
        { Name: "Bus", Value: "agents" },
      ]),
      Statistic: "Maximum",
      Period: 60,
      Threshold: 0,
      ComparisonOperator: "GreaterThanThreshold",
      TreatMissingData: "notBreaching",
      AlarmDescription: Match.stringLikeRegexp(described ?? ""),
    });
  }
});

test("by default slow flows and rates are watched, without a permission for subscriptions", () => {
  const { monitor, template } = aMonitor({});
  expect([...monitor.alerts.keys()]).toEqual(["slow-flow", "rate-spike"]);
  expect(allowed(template(), "sqs:GetQueueAttributes")).toEqual([]);
  const counted = aMonitor({ rules: [{ kind: "dead-letters" }] }).template();
  expect(allowed(counted, "sqs:GetQueueAttributes")).toEqual([
    expect.objectContaining({ resources: expect.stringContaining(":agents-*") }),
  ]);
  expect(allowed(counted, "ssm:GetParametersByPath")).toHaveLength(1);
});

test("a topic gets each alert from a rule that alone may publish; what it cannot take becomes a dead letter", () => {
  const { bus, stack, template } = aStackWithBus();
  const topic = new Topic(stack, "Mine", { enforceSSL: true });
  new FlowMonitor(stack, "Flows", { bus, to: [{ topic }] });
  const [queue] = only(template(), "AWS::SQS::Queue", /DeadLetters/);
  template().hasResourceProperties("AWS::Events::Rule", {
    Name: "alert-topic",
    EventBusName: "agents",
    EventPattern: pattern,
    Targets: [
      {
        Id: "topic",
        Arn: { Ref: Match.stringLikeRegexp("^Mine") },
        DeadLetterConfig: { Arn: { "Fn::GetAtt": [queue, "Arn"] } },
      },
    ],
  });
  const [, policy] = only(template(), "AWS::SNS::TopicPolicy", /^Mine/);
  expect(policy.Properties.PolicyDocument.Statement).toContainEqual(
    expect.objectContaining({
      Action: "sns:Publish",
      Principal: { Service: "events.amazonaws.com" },
      Condition: { ArnEquals: { "aws:SourceArn": expect.objectContaining({ "Fn::Join": expect.anything() }) } },
    }),
  );
  template().hasResourceProperties("AWS::CloudWatch::Alarm", { AlarmName: "agents-alert-topic-dead-letters" });
});

test("a webhook has a subscriber, which may read its secret and no other", () => {
  const { template } = aMonitor({ to: [{ webhook: "https://example.com/a", secretParameter: "/ops/alerts" }] });
  template().hasResourceProperties("AWS::Events::Rule", { Name: "alert-webhook", EventPattern: pattern });
  template().hasResourceProperties("AWS::Lambda::Function", { Description: "Subscriber alert-webhook of bus agents" });
  expect(
    allowed(template(), "ssm:GetParameter").filter(({ resources }) => resources.includes("parameter/ops/alerts")),
  ).toHaveLength(1);
  expect(JSON.stringify(template().toJSON())).not.toContain("whsec_");
});

describe("what cannot work is refused at synth", () => {
  test.each<[string, FlowMonitorSettings, RegExp]>([
    [
      "a rule that AWS cannot answer",
      { rules: [{ kind: "backlog" }] },
      /^watch-flows\.rules\[0\] has the kind "backlog", which AWS cannot answer: .*oldest-message/,
    ],
    ["a wrong rule", { rules: [{ kind: "loop", repeats: 1 }] }, /^watch-flows\.rules\[0\]\.repeats /],
    [
      "no URL",
      { to: [{ webhook: "example.com", secretParameter: "/ops/alerts" }] },
      /the webhook of webhook must be a URL/,
    ],
    [
      "a secret in place of its name",
      { to: [{ webhook: "https://example.com", secretParameter: "whsec_a+b=" }] },
      /the secretParameter of webhook must be the name of an SSM parameter/,
    ],
    [
      "two ways with one name",
      {
        to: [
          { webhook: "https://example.com/a", secretParameter: "/a" },
          { webhook: "https://example.com/b", secretParameter: "/b" },
        ],
      },
      /alert-webhook/,
    ],
  ])("%s", (_, settings, message) => {
    expect(() => aMonitor(settings)).toThrow(message);
  });
});
