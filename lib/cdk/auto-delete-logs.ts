import { CfnResource, Stack } from "aws-cdk-lib";
import { LogGroup } from "aws-cdk-lib/aws-logs";
import type { Construct } from "constructs";
import { writeLogs } from "./function-role.ts";
import type { StageSettings } from "./stage.ts";

/** The name under which the CDK keeps the function of `autoDeleteObjects`, one for all buckets of a stack. */
const provider = "Custom::S3AutoDeleteObjectsCustomResourceProvider";

/**
 * Declares the log group of the function that empties a bucket before it is deleted. Otherwise Lambda would create one that
 * nothing deletes and that keeps its lines forever.
 */
export function declareAutoDeleteLogs(scope: Construct, settings: StageSettings): void {
  const found = Stack.of(scope).node.tryFindChild(provider);
  if (found === undefined || found.node.tryFindChild("Logs") !== undefined) return;
  const { logRetention: retention, removalPolicy } = settings;
  const logGroup = new LogGroup(found, "Logs", { retention, removalPolicy });
  for (const child of found.node.children) {
    if (!CfnResource.isCfnResource(child)) continue;
    if (child.cfnResourceType === "AWS::Lambda::Function") {
      child.addPropertyOverride("LoggingConfig", { LogGroup: logGroup.logGroupName });
    } else if (child.cfnResourceType === "AWS::IAM::Role") {
      // Instead of the managed policy, which allows writing to every log group and creating more.
      child.addPropertyOverride("ManagedPolicyArns", []);
      child.addPropertyOverride("Policies", [{ PolicyName: "logs", PolicyDocument: writeLogs(logGroup) }]);
    }
  }
}
