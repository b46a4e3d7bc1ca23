import { clientSettings } from "../clients.ts";
import { missingPackage } from "../missing-package.ts";
import { type AwsFinding, findingOfError } from "./finding.ts";

/** The alarms of a bus that are in state ALARM. Without the client, or the right to ask, a warning: the bus works. */
export async function checkAlarms(bus: string): Promise<AwsFinding[]> {
  const check = "alarm";
  let cloudwatch: typeof import("./cloudwatch.ts");
  try {
    cloudwatch = await import("./cloudwatch.ts");
  } catch (thrown) {
    const missing = missingPackage(thrown);
    if (missing === undefined) throw thrown;
    const fix = "npm i @aws-sdk/client-cloudwatch";
    return [
      { check, state: "warning", text: "alarms are not looked at: the client of CloudWatch is not installed", fix },
    ];
  }
  const client = new cloudwatch.CloudWatchClient(clientSettings("cloudwatch"));
  try {
    const found: AwsFinding[] = [];
    let alarms = 0;
    let NextToken: string | undefined;
    do {
      const page = await client.send(
        new cloudwatch.DescribeAlarmsCommand({
          AlarmNamePrefix: `${bus}-`,
          AlarmTypes: ["CompositeAlarm", "MetricAlarm"],
          ...(NextToken === undefined ? {} : { NextToken }),
        }),
      );
      for (const alarm of [...(page.MetricAlarms ?? []), ...(page.CompositeAlarms ?? [])]) {
        alarms += 1;
        if (alarm.StateValue === "ALARM") found.push(inAlarm(alarm));
      }
      NextToken = page.NextToken;
    } while (NextToken !== undefined);
    return found.length > 0 ? found : [{ check, state: "ok", text: `none of ${alarms} alarms is in state ALARM` }];
  } catch (thrown) {
    const failed = findingOfError(check, "alarms", "cloudwatch:DescribeAlarms", thrown);
    return [{ ...failed, state: "warning", text: `${failed.text}; they are not looked at` }];
  } finally {
    client.destroy();
  }
}

interface AlarmFacts {
  readonly AlarmName?: string | undefined;
  readonly AlarmDescription?: string | undefined;
  readonly StateReason?: string | undefined;
}

function inAlarm({ AlarmDescription, AlarmName = "", StateReason = "" }: AlarmFacts): AwsFinding {
  const fix = AlarmDescription ?? "docs/aws/operate.md";
  return { check: "alarm", state: "warning", text: `${AlarmName} is in state ALARM: ${StateReason}`, fix };
}
