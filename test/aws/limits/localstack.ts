import { PutRuleCommand } from "@aws-sdk/client-eventbridge";
import { refusedType } from "./cloudformation.ts";
import type { Limit } from "./limit.ts";
import { RuleProbe } from "./rules.ts";

/** What LocalStack Community 4.14.0 does not do. */
export const localstackLimits: readonly Limit[] = [
  refusedType("AWS::Events::Archive", "archive", {
    SourceArn: "arn:aws:events:us-east-1:000000000000:event-bus/default",
  }),
  refusedType("AWS::CloudWatch::Dashboard", "dashboard", { DashboardBody: '{"widgets":[]}' }),
  {
    title: "an invalid pattern is refused",
    instead: "patterns are checked at synth",
    works: (clients) =>
      RuleProbe.use(clients, async ({ name }) => {
        const EventPattern = JSON.stringify({ source: [{ wildcard: "a**b" }] });
        const put = new PutRuleCommand({ EventBusName: name, Name: "all", EventPattern });
        return clients.events.send(put).then(
          () => false,
          () => true,
        );
      }),
  },
];
