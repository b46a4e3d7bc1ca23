import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Duration, RemovalPolicy } from "aws-cdk-lib";
import { PolicyDocument, PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { Architecture, Runtime } from "aws-cdk-lib/aws-lambda";
import { LogLevel, NodejsFunction, OutputFormat } from "aws-cdk-lib/aws-lambda-nodejs";
import { LogGroup, type RetentionDays } from "aws-cdk-lib/aws-logs";
import type { Construct } from "constructs";
import { packageFolder } from "./entry.ts";

/** Of a function that Waggle deploys. */
export interface WaggleFunctionProps {
  /** The module that exports `handler`. */
  readonly entry: string;
  readonly description: string;
  readonly timeout: Duration;
  /** Its physical name, where something has to find it by that. */
  readonly functionName?: string;
  /** MB. Default 512: below it a JavaScript function mostly waits for its share of a processor. */
  readonly memorySize?: number;
  readonly environment?: Readonly<Record<string, string>>;
  readonly logRetention: RetentionDays;
  readonly removalPolicy: RemovalPolicy;
}

/** Dependencies written as CommonJS call `require`, which a module of Lambda has not got. */
const banner =
  'import{createRequire as __waggleRequire}from"node:module";const require=__waggleRequire(import.meta.url);';
const lockFiles = ["package-lock.json", "pnpm-lock.yaml", "yarn.lock", "bun.lock", "bun.lockb"];

/**
 * A Lambda function: Node 24 on arm64, one minified module with the SDK in it and a source map, logs of its own that end, a
 * role of its own that may write those logs and nothing else.
 */
export class WaggleFunction extends NodejsFunction {
  constructor(scope: Construct, id: string, props: WaggleFunctionProps) {
    const logGroup = new LogGroup(scope, `${id}Logs`, {
      retention: props.logRetention,
      removalPolicy: props.removalPolicy,
    });
    const writeLogs = new PolicyStatement({
      actions: ["logs:CreateLogStream", "logs:PutLogEvents"],
      resources: [logGroup.logGroupArn],
    });
    const role = new Role(scope, `${id}Role`, {
      description: `${props.description}: what it may do`,
      assumedBy: new ServicePrincipal("lambda.amazonaws.com"),
      inlinePolicies: { logs: new PolicyDocument({ statements: [writeLogs] }) },
    });
    super(scope, id, {
      ...bundled(props.entry),
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      handler: "handler",
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

function bundled(entry: string) {
  const lockFile = nearestLockFile(dirname(entry)) ?? join(packageFolder(dirname(entry)), "package.json");
  return {
    entry,
    depsLockFilePath: lockFile,
    projectRoot: dirname(lockFile),
    bundling: {
      format: OutputFormat.ESM,
      mainFields: ["module", "main"],
      minify: true,
      sourceMap: true,
      sourcesContent: false,
      externalModules: [],
      // Leaves out the choice among engines: see lib/connect/load-engine.ts.
      define: { "process.env.WAGGLE_BUNDLE": '"function"' },
      logLevel: LogLevel.WARNING,
      banner,
    },
  };
}

/** From the entry upwards, not from where the command runs: that may be anywhere. */
function nearestLockFile(folder: string): string | undefined {
  const found = lockFiles.map((name) => join(folder, name)).find((file) => existsSync(file));
  const parent = dirname(folder);
  return found ?? (parent === folder ? undefined : nearestLockFile(parent));
}
