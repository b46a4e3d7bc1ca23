import { PolicyDocument, PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import type { LogGroup } from "aws-cdk-lib/aws-logs";
import type { Construct } from "constructs";
import type { FunctionSettings } from "./function-settings.ts";
import { acknowledgeWildcards } from "./nag.ts";

/** Properties of the role of a function. */
export interface FunctionRoleProps extends Pick<FunctionSettings, "permissionsBoundary" | "tracing" | "vpc"> {
  readonly description: string;
  readonly logGroup: LogGroup;
}

/** What Lambda itself does with the role, for which IAM knows no resources. */
const networkActions = [
  "ec2:AssignPrivateIpAddresses",
  "ec2:CreateNetworkInterface",
  "ec2:DeleteNetworkInterface",
  "ec2:DescribeNetworkInterfaces",
  "ec2:DescribeSubnets",
  "ec2:UnassignPrivateIpAddresses",
];

/**
 * Creates the role of a function. It may write the function's own logs, and what tracing and the VPC need; the managed policies
 * of AWS would allow more.
 */
export function functionRole(scope: Construct, id: string, props: FunctionRoleProps): Role {
  const { description, logGroup, permissionsBoundary, tracing, vpc } = props;
  const role = new Role(scope, id, {
    description: `Role of: ${description}`,
    assumedBy: new ServicePrincipal("lambda.amazonaws.com"),
    inlinePolicies: {
      logs: writeLogs(logGroup),
      ...(vpc === undefined ? {} : { network: onAnyResource(networkActions) }),
    },
    ...(permissionsBoundary === undefined ? {} : { permissionsBoundary }),
  });
  if (vpc !== undefined || tracing === true) {
    acknowledgeWildcards(
      role,
      "Lambda creates network interfaces and sends traces with this role; IAM knows no resources for these actions.",
      ["*"],
    );
  }
  return role;
}

/** Returns the policy of a function's role that allows writing to a single log group. */
export function writeLogs(logGroup: LogGroup): PolicyDocument {
  const statement = new PolicyStatement({
    actions: ["logs:CreateLogStream", "logs:PutLogEvents"],
    resources: [logGroup.logGroupArn],
  });
  return new PolicyDocument({ statements: [statement] });
}

function onAnyResource(actions: string[]): PolicyDocument {
  return new PolicyDocument({ statements: [new PolicyStatement({ actions, resources: ["*"] })] });
}
