import { execFile, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { CreateTableCommand, type CreateTableCommandInput, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { describe } from "vitest";
import { deliveriesTable } from "../../lib/aws-shared/tables.ts";
import { eventually } from "./eventually.ts";
import { freePort } from "./free-port.ts";

// A DynamoDB that nobody here wrote: dynoxide, one binary from the npm registry, fetched when a test first asks for it.
const emulator = "@dynoxide/linux-x64";
const version = "1.2.1";
const sha256 = "be909b7910d3fb552e85db10ef3c8ebae4bd35fee0f26dffdb6dfa5cc656426e";
const cache = new URL("../../node_modules/.cache/", import.meta.url).pathname;

/** Why tests that need DynamoDB cannot run here; undefined where they can. */
export const dynamoMissing =
  process.platform === "linux" && process.arch === "x64"
    ? undefined
    : `the DynamoDB emulator has no binary for ${process.platform} ${process.arch}`;

/** Tests that need DynamoDB: skipped, and counted so, with the reason in their name, where there is none. */
export function describeDynamo(name: string, tests: () => void): void {
  describe.skipIf(dynamoMissing !== undefined)(
    dynamoMissing === undefined ? name : `${name} (skipped: ${dynamoMissing})`,
    tests,
  );
}

/** A DynamoDB in memory on a free port of the loopback address. */
export interface Dynamo {
  readonly endpoint: string;
  readonly client: DynamoDBClient;
  /** Another client, for what a test does to one; `close` destroys it too. */
  connect(): DynamoDBClient;
  /** Creates a table; resolves once it can be used. */
  createTable(table: CreateTableCommandInput): Promise<void>;
  /** Ends it and all that it holds. */
  close(): Promise<void>;
}

/** Starts one; for `beforeAll`, with `close` in `afterAll`. */
export async function startDynamo(): Promise<Dynamo> {
  const binary = await fetchEmulator();
  const port = await freePort();
  const server = spawn(binary, ["--host", "127.0.0.1", "--port", String(port)], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  server.stderr.on("data", (chunk) => {
    said += String(chunk);
  });
  const exited = once(server, "exit");
  const endpoint = `http://127.0.0.1:${port}`;
  const ended = () => server.exitCode !== null || server.signalCode !== null;
  await eventually("the DynamoDB emulator answers", async () => {
    if (ended()) throw new Error(`it ended: ${said}`);
    await fetch(endpoint);
    return true;
  });
  const clients: DynamoDBClient[] = [];
  const connect = () => {
    const credentials = { accessKeyId: "test", secretAccessKey: "test" };
    const made = new DynamoDBClient({ endpoint, region: "us-east-1", credentials });
    clients.push(made);
    return made;
  };
  const client = connect();
  return {
    endpoint,
    client,
    connect,
    createTable: async (table) => {
      await client.send(new CreateTableCommand(table));
    },
    close: async () => {
      for (const made of clients) made.destroy();
      server.kill();
      await exited;
    },
  };
}

/** The deliveries table as the stack makes it. */
export function deliveriesTableInput(name: string): CreateTableCommandInput {
  return {
    TableName: name,
    BillingMode: "PAY_PER_REQUEST",
    AttributeDefinitions: [{ AttributeName: deliveriesTable.partitionKey, AttributeType: "S" }],
    KeySchema: [{ AttributeName: deliveriesTable.partitionKey, KeyType: "HASH" }],
  };
}

/** The path of the binary. Several test processes may come here at once: each installs aside, the first one's stays. */
async function fetchEmulator(): Promise<string> {
  const folder = join(cache, `dynoxide-${version}`);
  const inside = join("node_modules", emulator, "dynoxide");
  const binary = join(folder, inside);
  if (await isWhole(binary)) return binary;
  await mkdir(cache, { recursive: true });
  const aside = await mkdtemp(join(cache, "dynoxide-"));
  try {
    await promisify(execFile)(
      "npm",
      [
        "install",
        "--prefix",
        aside,
        "--no-save",
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
        `${emulator}@${version}`,
      ],
      { cwd: aside },
    );
    if (!(await isWhole(join(aside, inside)))) {
      throw new Error(`${emulator}@${version} is not the binary that these tests were written with (sha256 ${sha256})`);
    }
    await rename(aside, folder).catch(async (thrown: unknown) => {
      if (!(await isWhole(binary))) throw thrown;
    });
    return binary;
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
}

async function isWhole(binary: string): Promise<boolean> {
  try {
    return (
      createHash("sha256")
        .update(await readFile(binary))
        .digest("hex") === sha256
    );
  } catch {
    return false;
  }
}
