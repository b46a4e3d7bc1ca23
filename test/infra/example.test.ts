import { fileURLToPath } from "node:url";
import { Template } from "aws-cdk-lib/assertions";
import { AwsSolutionsChecks } from "cdk-nag";
import { expect, test } from "vitest";
import { OrdersStack } from "../../examples/orders/orders-stack.ts";
import { findSubscribers } from "../../lib/cdk/index.ts";
import { anApp } from "./synthesis.ts";

const functions = fileURLToPath(new URL("../../examples/orders/functions", import.meta.url));

test("the example stack has a bus, a function and a queue, without findings of cdk-nag", async () => {
  const app = anApp();
  const stack = new OrdersStack(app, "orders", { subscribers: await findSubscribers(functions) });
  const template = Template.fromStack(stack);
  template.hasResourceProperties("AWS::Events::EventBus", { Name: "orders" });
  template.hasResourceProperties("AWS::SQS::Queue", { QueueName: "orders-receipts.fifo" });
  template.hasResourceProperties("AWS::SQS::Queue", { QueueName: "orders-indexer" });
  template.hasResourceProperties("AWS::Events::Rule", {
    Name: "receipts",
    EventPattern: { "detail-type": ["order.placed"] },
  });
  expect(new AwsSolutionsChecks(app).validateScope(app).violations).toEqual([]);
});
