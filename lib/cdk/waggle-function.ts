import type { Duration, RemovalPolicy } from "aws-cdk-lib";
import { Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { Architecture, Function as LambdaFunction, Runtime } from "aws-cdk-lib/aws-lambda";
import { LogGroup, type RetentionDays } from "aws-cdk-lib/aws-logs";
import type { Construct } from "constructs";
import { bundledCode } from "./bundle.ts";
import { writeLogs } from "./function-role.ts";

/** Properties of a {@link WaggleFunction}. */
export interface WaggleFunctionProps {
  /** The module that exports `handler`. */
  readonly entry: string;
  readonly description: string;
  readonly timeout: Duration;
  /** The physical name, if something must find the function by its name. */
  readonly functionName?: string;
  /** Memory in MB. Default 512: with less a JavaScript function mostly waits for its share of a processor. */
  readonly memorySize?: number;
  readonly environment?: Readonly<Record<string, string>>;
  readonly logRetention: RetentionDays;
  readonly removalPolicy: RemovalPolicy;
}

/**
 * A Lambda function on Node 24 and arm64 with a minified bundle that includes the SDK, source maps, a log group with a
 * retention, and its own role, which may only write these logs.
 */
export class WaggleFunction extends LambdaFunction {
  constructor(scope: Construct, id: string, props: WaggleFunctionProps) {
    const logGroup = new LogGroup(scope, `${id}Logs`, {
      retention: props.logRetention,
      removalPolicy: props.removalPolicy,
    });
    const role = new Role(scope, `${id}Role`, {
      description: `Role of: ${props.description}`,
      assumedBy: new ServicePrincipal("lambda.amazonaws.com"),
      inlinePolicies: { logs: writeLogs(logGroup) },
    });
    super(scope, id, {
      code: bundledCode(props.entry),
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      handler: "index.handler",
      role,
      logGroup,
      description: props.description,
      timeout: props.timeout,
      memorySize: props.memorySize ?? 512,
      environment: { NODE_OPTIONS: "--enable-source-maps", ...props.environment },
      ...(props.functionName === undefined ? {} : { functionName: props.functionName }),
    });
  }
}
