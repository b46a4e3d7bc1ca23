import { createRequire } from "node:module";
import { join, relative } from "node:path";
import { build } from "esbuild";
import { bundling } from "../../lib/cdk/bundle.ts";

const root = new URL("../../", import.meta.url).pathname;
const from = (path: string) => JSON.stringify(join(root, path));

/** The AWS clients of every function of Waggle. */
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
const withClients = (more: string) => `${clients}${more}\n${empty}`;

/** A handler that does nothing, with the AWS clients of every function of Waggle. */
export const emptyHandler = withClients("");

/** The measured entry modules, as the construct or a user would write them. */
export const entries: Readonly<Record<string, string>> = {
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

/** Libraries whose cost is measured: each is bundled with the clients and compared with {@link emptyHandler}. */
export const libraries: Readonly<Record<string, string>> = {
  zod: withClients('import * as z from "zod"; export const schema = z.object({ text: z.string() });'),
  "standard catalog": withClients(
    `import { standardCatalog } from ${from("lib/catalog/index.ts")}; export const catalog = standardCatalog;`,
  ),
  "bus (lib/bus, lib/event)": withClients(
    `import { createBus } from ${from("lib/bus/create-bus.ts")}; export const made2 = createBus;`,
  ),
  "S3, loaded later": withClients(`export const later = () => import(${from("lib/engines/aws/s3.ts")});`),
  "SSM, loaded later": withClients(`export const later = () => import(${from("lib/engines/aws/ssm.ts")});`),
  "Powertools Logger": withClients(
    'import { Logger } from "@aws-lambda-powertools/logger"; export const logger = new Logger();',
  ),
  "Powertools Metrics": withClients(
    'import { Metrics } from "@aws-lambda-powertools/metrics"; export const metrics = new Metrics();',
  ),
};

/** A single client each, with one command. */
export const services: Readonly<Record<string, string>> = {
  "DynamoDB alone": one("dynamodb", "DynamoDBClient", "UpdateItemCommand"),
  "EventBridge alone": one("eventbridge", "EventBridgeClient", "PutEventsCommand"),
  "SQS alone": one("sqs", "SQSClient", "ChangeMessageVisibilityBatchCommand"),
};

/** The part of a bundle that is read at start-up: the module of the handler, the number of modules, and their bytes. */
export interface Bundle {
  readonly file: string;
  readonly modules: number;
  readonly bytes: number;
}

/** Bundles an entry into a folder like the construct (lib/cdk/bundle.ts), or into one file, which is the usual way. */
export async function bundle(text: string, outdir: string, oneFile = false): Promise<Bundle> {
  const { metafile } = await build({
    ...bundling,
    splitting: !oneFile,
    stdin: { contents: text, resolveDir: root, sourcefile: "index.ts", loader: "ts" },
    entryNames: "index",
    outdir,
    absWorkingDir: root,
    tsconfig: join(root, "tsconfig.json"),
    metafile: true,
    logLevel: "error",
  });
  const file = join(outdir, "index.mjs");
  const read = new Set<string>();
  const readAll = (path: string) => {
    if (read.has(path)) return;
    read.add(path);
    for (const { path: next, kind, external } of metafile.outputs[path]?.imports ?? []) {
      if (kind === "import-statement" && external !== true) readAll(next);
    }
  };
  readAll(relative(root, file));
  const bytes = [...read].reduce((sum, path) => sum + (metafile.outputs[path]?.bytes ?? Number.NaN), 0);
  return { file, modules: read.size, bytes };
}

/** Returns the version of esbuild, which is part of the results. */
export function esbuildVersion(): string {
  const read: unknown = createRequire(import.meta.url)("esbuild/package.json");
  return typeof read === "object" && read !== null && "version" in read ? String(read.version) : "unknown";
}
