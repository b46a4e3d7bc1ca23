import { createRequire } from "node:module";
import { join } from "node:path";
import { build } from "esbuild";

const root = new URL("../../", import.meta.url).pathname;
const from = (path: string) => JSON.stringify(join(root, path));

/** The clients that every function of Waggle has, made, as an empty handler would. */
const clients = `
  import { DynamoDBClient, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
  import { EventBridgeClient, PutEventsCommand } from "@aws-sdk/client-eventbridge";
  import { ChangeMessageVisibilityBatchCommand, SQSClient } from "@aws-sdk/client-sqs";
  const made = [new DynamoDBClient({}), new EventBridgeClient({}), new SQSClient({})];
  export const kept = [made, UpdateItemCommand, PutEventsCommand, ChangeMessageVisibilityBatchCommand];
`;
const empty = "export const handler = async () => ({ batchItemFailures: [] });";
const one = (service: string, client: string, command: string) => `
  import { ${client}, ${command} } from "@aws-sdk/client-${service}";
  export const kept = [new ${client}({}), ${command}];
  ${empty}
`;
const beside = (more: string) => `${clients}${more}\n${empty}`;

/** What is measured: the text of each entry, as the construct would write or a user would. */
export const entries: Readonly<Record<string, string>> = {
  empty: beside(""),
  subscriber: `
    import { defineSubscription, NonRetriableError } from "wagglebus";
    import { taskAssigned } from "wagglebus/catalog";
    import { defineHandler } from "wagglebus/lambda";
    const subscription = defineSubscription({ name: "readers", on: taskAssigned });
    export const handler = defineHandler(subscription, async (event, { bus }) => {
      if (event.data.taskId === "") throw new NonRetriableError("the task has no id");
      await bus.emit.task.completed({ taskId: event.data.taskId });
    });
  `,
  "record-history": 'import { recordHistory } from "wagglebus/lambda"; export const handler = recordHistory();',
  "record-dead-letter":
    'import { recordDeadLetter } from "wagglebus/lambda"; export const handler = recordDeadLetter();',
  "watch-flows": 'import { watchFlows } from "wagglebus/lambda"; export const handler = watchFlows();',
};

/** What each library adds: bundled beside the clients, and compared with {@link entries}.empty. */
export const libraries: Readonly<Record<string, string>> = {
  zod: beside('import * as z from "zod"; export const schema = z.object({ text: z.string() });'),
  "standard catalog": beside(
    `import { standardCatalog } from ${from("lib/catalog/index.ts")}; export const catalog = standardCatalog;`,
  ),
  "bus (lib/bus, lib/event)": beside(
    `import { createBus } from ${from("lib/bus/engine-bus.ts")}; export const made2 = createBus;`,
  ),
  "S3, loaded later": beside(`export const later = () => import(${from("lib/engines/aws/s3.ts")});`),
  "SSM, loaded later": beside(`export const later = () => import(${from("lib/engines/aws/ssm.ts")});`),
  "Powertools Logger": beside(
    'import { Logger } from "@aws-lambda-powertools/logger"; export const logger = new Logger();',
  ),
  "Powertools Metrics": beside(
    'import { Metrics } from "@aws-lambda-powertools/metrics"; export const metrics = new Metrics();',
  ),
};

/** Each client alone, with one command. */
export const services: Readonly<Record<string, string>> = {
  "DynamoDB alone": one("dynamodb", "DynamoDBClient", "UpdateItemCommand"),
  "EventBridge alone": one("eventbridge", "EventBridgeClient", "PutEventsCommand"),
  "SQS alone": one("sqs", "SQSClient", "ChangeMessageVisibilityBatchCommand"),
};

/** Bundles an entry as the construct does (lib/cdk/waggle-function.ts), and gives its bytes. */
export async function bundle(text: string, outfile: string): Promise<number> {
  const { metafile } = await build({
    stdin: { contents: text, resolveDir: root, loader: "ts" },
    outfile,
    bundle: true,
    platform: "node",
    target: "node24",
    format: "esm",
    mainFields: ["module", "main"],
    minify: true,
    sourcemap: true,
    sourcesContent: false,
    define: { "process.env.WAGGLE_BUNDLE": '"function"' },
    banner: {
      js: 'import{createRequire as __waggleRequire}from"node:module";const require=__waggleRequire(import.meta.url);',
    },
    tsconfig: join(root, "tsconfig.json"),
    metafile: true,
    logLevel: "error",
  });
  const bytes = Object.entries(metafile.outputs).find(([file]) => !file.endsWith(".map"))?.[1].bytes;
  if (bytes === undefined) throw new Error(`esbuild wrote nothing for ${outfile}`);
  return bytes;
}

/** The esbuild that bundles: its version belongs to the figures. */
export function esbuildVersion(): string {
  const read: unknown = createRequire(import.meta.url)("esbuild/package.json");
  return typeof read === "object" && read !== null && "version" in read ? String(read.version) : "unknown";
}
