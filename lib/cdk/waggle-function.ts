import { type Duration, RemovalPolicy } from "aws-cdk-lib";
import { Architecture, Function as LambdaFunction, Runtime, Tracing } from "aws-cdk-lib/aws-lambda";
import { LogGroup } from "aws-cdk-lib/aws-logs";
import { StringParameter } from "aws-cdk-lib/aws-ssm";
import type { Construct } from "constructs";
import { bundledCode } from "./bundle.ts";
import { functionRole } from "./function-role.ts";
import type { FunctionSettings } from "./function-settings.ts";
import type { StageSettings } from "./stage.ts";

/** Properties of a {@link WaggleFunction}. */
export interface WaggleFunctionProps extends FunctionSettings {
  /** The module that exports `handler`. */
  readonly entry: string;
  readonly description: string;
  readonly timeout: Duration;
  /** The physical name, if something must find the function by its name. */
  readonly functionName?: string;
  readonly stage: StageSettings;
  /** The parameter that will hold the name of its log group, by which a client finds it. */
  readonly logParameter: string;
}

/**
 * A Lambda function on Node 24 and arm64 with a minified bundle that includes the SDK, source maps, a log group with a
 * retention, and its own role, which may only write these logs.
 */
export class WaggleFunction extends LambdaFunction {
  constructor(scope: Construct, id: string, props: WaggleFunctionProps) {
    const { description, layers, reservedConcurrency, securityGroups, tracing, vpc, vpcSubnets } = props;
    const { logRetention: retention, removalPolicy } = props.stage;
    const logGroup = new LogGroup(scope, `${id}Logs`, { retention, removalPolicy });
    new StringParameter(scope, `${id}LogParameter`, {
      parameterName: props.logParameter,
      description: "The log group of a function of Waggle",
      stringValue: logGroup.logGroupName,
    });
    super(scope, id, {
      code: bundledCode(props.entry),
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      handler: "index.handler",
      role: functionRole(scope, `${id}Role`, { ...props, logGroup }),
      logGroup,
      description,
      timeout: props.timeout,
      memorySize: props.memorySize ?? 512,
      environment: { NODE_OPTIONS: "--enable-source-maps", ...props.environment },
      // A version is only there to be run: its code stays in the assets.
      currentVersionOptions: { removalPolicy: RemovalPolicy.DESTROY },
      ...(props.functionName === undefined ? {} : { functionName: props.functionName }),
      ...(reservedConcurrency === undefined ? {} : { reservedConcurrentExecutions: reservedConcurrency }),
      ...(tracing === true ? { tracing: Tracing.ACTIVE } : {}),
      ...(layers === undefined ? {} : { layers: [...layers] }),
      ...(vpc === undefined ? {} : { vpc }),
      ...(vpcSubnets === undefined ? {} : { vpcSubnets }),
      ...(securityGroups === undefined ? {} : { securityGroups: [...securityGroups] }),
    });
  }
}
