import { PolicyDocument, PolicyStatement } from "aws-cdk-lib/aws-iam";
import type { LogGroup } from "aws-cdk-lib/aws-logs";

/** Returns the policy of a function's role that allows writing to a single log group. */
export function writeLogs(logGroup: LogGroup): PolicyDocument {
  const statement = new PolicyStatement({
    actions: ["logs:CreateLogStream", "logs:PutLogEvents"],
    resources: [logGroup.logGroupArn],
  });
  return new PolicyDocument({ statements: [statement] });
}
