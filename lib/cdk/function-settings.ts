import { Token } from "aws-cdk-lib";
import type { ISecurityGroup, IVpc, SubnetSelection } from "aws-cdk-lib/aws-ec2";
import type { IManagedPolicy } from "aws-cdk-lib/aws-iam";
import type { ILayerVersion } from "aws-cdk-lib/aws-lambda";
import { BusError } from "../error/bus-error.ts";
import { mustBe } from "../error/must-be.ts";

/** What you can set for each Lambda function of Waggle. */
export interface FunctionSettings {
  /** Memory in MB: 128 to 10,240. Default 512: with less a JavaScript function mostly waits for its share of a processor. */
  readonly memorySize?: number;
  /** Environment variables, next to those of Waggle. Default none; at most 4,096 bytes, those of Waggle included. */
  readonly environment?: Readonly<Record<string, string>>;
  /**
   * Number of concurrent functions that the account sets aside for this one, and the most that it can have: at least as many
   * as its queue may start at the same time. Default: none are set aside, and all functions of the account share.
   */
  readonly reservedConcurrency?: number;
  /** Sends traces of the invocations to AWS X-Ray. Default false. */
  readonly tracing?: boolean;
  /**
   * Runs the function in this VPC. From its subnets it must reach SQS, DynamoDB, EventBridge, S3 and, if the handler connects
   * to another bus, SSM: through VPC endpoints or a NAT gateway. Default: no VPC.
   */
  readonly vpc?: IVpc;
  /** The subnets in `vpc`. Default: the private ones. */
  readonly vpcSubnets?: SubnetSelection;
  /** The security groups in `vpc`: at most 5. Default: one of its own, which allows all outbound traffic. */
  readonly securityGroups?: readonly ISecurityGroup[];
  /** Layers for arm64 and Node 24, for example of a monitoring product: at most 5. Default none. */
  readonly layers?: readonly ILayerVersion[];
  /**
   * The permissions boundary of the function's role. For all roles of a stack or an app use `PermissionsBoundary.of(scope)` or
   * the context `@aws-cdk/core:permissionsBoundary`. Default none.
   */
  readonly permissionsBoundary?: IManagedPolicy;
}

const names = [
  "memorySize",
  "environment",
  "reservedConcurrency",
  "tracing",
  "vpc",
  "vpcSubnets",
  "securityGroups",
  "layers",
  "permissionsBoundary",
] as const satisfies readonly (keyof FunctionSettings)[];

/** Returns the settings of a function among other properties. */
export function functionSettings(props: FunctionSettings): FunctionSettings {
  return Object.fromEntries(names.flatMap((name) => (props[name] === undefined ? [] : [[name, props[name]]])));
}

/** The most of each setting that Lambda accepts. */
const limits = { memorySize: [128, 10_240], layers: [0, 5], securityGroups: [0, 5] } as const;

/**
 * Throws `invalid_config` for settings that Lambda would refuse, or with which the function could not run. `minConcurrency`:
 * how many its event sources may start at the same time.
 */
export function checkFunctionSettings(what: string, settings: FunctionSettings, minConcurrency: number): void {
  const { memorySize, layers, reservedConcurrency, securityGroups, vpc, vpcSubnets } = settings;
  const refuse = (problem: string): never => {
    throw new BusError("invalid_config", `${what}: ${problem}`);
  };
  const sizes = { memorySize, layers: layers?.length, securityGroups: securityGroups?.length };
  for (const name of ["memorySize", "layers", "securityGroups"] as const) {
    const [value, [min, max]] = [sizes[name], limits[name]];
    if (value === undefined || (Number.isInteger(value) && value >= min && value <= max)) continue;
    const range = name === "memorySize" ? `an integer from ${min} to ${max}` : `at most ${max}`;
    refuse(`${name} ${mustBe(range, value)}`);
  }
  if (reservedConcurrency !== undefined && !Token.isUnresolved(reservedConcurrency)) {
    if (!Number.isInteger(reservedConcurrency) || reservedConcurrency < minConcurrency) {
      const why = "with fewer, Lambda would receive messages and then refuse to run them";
      refuse(
        `reservedConcurrency ${mustBe(`an integer of at least ${minConcurrency}`, reservedConcurrency)}, as its queue may start ${minConcurrency} functions at the same time: ${why}`,
      );
    }
  }
  if (vpc !== undefined) return;
  if (vpcSubnets !== undefined) refuse("vpcSubnets is given, but vpc is missing; add it");
  if (securityGroups !== undefined) refuse("securityGroups is given, but vpc is missing; add it");
}
