import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as z from "zod";
import { root } from "../../../scripts/setup.mjs";
import { eventually } from "../../support/eventually.ts";
import { type Assembly, Cdk } from "../rig/cdk.ts";
import { type Emulator, startMinistack } from "../rig/ministack.ts";
import { cache } from "../rig/python.ts";
import { runProgram } from "../rig/run-program.ts";
import { emulatorEnvironment, target, targets } from "../rig/targets.ts";
import { busName, type UserName, userName, userNames } from "./settings.ts";

const signal = new AbortController().signal;
const keysLine = z.record(z.enum(userNames), z.object({ id: z.string(), secret: z.string() }));
const flowOutput = z.object({ roots: z.tuple([z.object({ deliveries: z.array(z.unknown()) })]) });
const idLine = z.looseObject({ id: z.string() });
const published = z.looseObject({ event: idLine });

/**
 * On a MiniStack of its own that enforces IAM: each function runs with its own role, each user with its own grant. What is
 * not granted is refused there, so that what works is granted.
 */
describe.runIf(target === "ministack")("grants, where IAM is enforced", () => {
  let emulator: Emulator | undefined;
  let assembly: Assembly | undefined;
  let env: NodeJS.ProcessEnv = {};
  let keys: z.infer<typeof keysLine> | undefined;

  beforeAll(async () => {
    await mkdir(cache, { recursive: true });
    emulator = await startMinistack({ auth: true, signal });
    env = emulatorEnvironment(emulator);
    const cdk = new Cdk({ env, signal });
    await cdk.bootstrap("000000000000", "us-east-1");
    assembly = await cdk.synth("test/aws/grants/app.ts", { omit: targets.ministack.omit.join(",") });
    await cdk.deploy(assembly);
    keys = await createKeys(emulator.python ?? "", env);
  });
  afterAll(async () => {
    await assembly?.remove();
    await emulator?.stop();
  });

  const as = (user: UserName) => ({
    ...env,
    AWS_ACCESS_KEY_ID: keys?.[user].id,
    AWS_SECRET_ACCESS_KEY: keys?.[user].secret,
  });
  const waggle = (user: UserName, ...args: string[]) => {
    const command = [join(root, "bin", "waggle.ts"), ...args, "--engine", "aws", "--bus", busName];
    return runProgram(process.execPath, command, { env: as(user) });
  };
  const publish = async (type: string) =>
    published.parse(JSON.parse(await waggle("agent", "publish", type, "--json"))).event.id;
  const lines = async (user: UserName, ...args: string[]) =>
    (await waggle(user, ...args, "--json")).split("\n").filter((line) => line !== "");

  test("who has no grant does not even find the bus", async () => {
    await expect(waggle("stranger", "publish", "custom.e2e.asked")).rejects.toThrow(/not authorized|AccessDenied/i);
  });

  test("doctor and logs name what may not be done, and the grant that allows it", async () => {
    await expect(waggle("stranger", "doctor")).rejects.toThrow(/may not ssm:GetParameter[\s\S]*any grant of the bus/);
    await expect(waggle("agent", "doctor")).rejects.toThrow(
      /may not dynamodb:BatchGetItem[\s\S]*bus\.grantReadHistory\(role\)[\s\S]*may not sqs:GetQueueAttributes[\s\S]*bus\.grantOperate\(role\)/,
    );
    const found = await waggle("operator", "doctor");
    expect(found).toContain(`${busName}-responder: hidden for`);
    expect(found).toMatch(/may not cloudwatch:DescribeAlarms[\s\S]*by a statement of your own/);
    await expect(waggle("operator", "logs", "responder")).rejects.toThrow(/logs:FilterLogEvents/);
  });

  test("an agent publishes; a function handles it, publishes, and both are recorded; a reader finds them", async () => {
    const id = await publish("custom.e2e.asked");
    const found = await eventually(
      "both are found",
      async () => {
        const events = await lines("reader", "history", "--correlation-id", id);
        return events.length === 2 && events;
      },
      60_000,
      200,
    );
    expect(found.join("\n")).toContain("custom.e2e.answered");
    const ended = { subscription: "responder", eventId: id, outcome: "done", attempts: 1, ranMs: expect.any(Number) };
    await eventually(
      "it is told how the delivery ended",
      async () => {
        const { deliveries } = flowOutput.parse(JSON.parse(await waggle("reader", "flow", id, "--json"))).roots[0];
        expect(deliveries).toMatchObject([ended]);
        return true;
      },
      60_000,
      200,
    );
    await expect(waggle("agent", "history", "--correlation-id", id)).rejects.toThrow(/not authorized|AccessDenied/i);
    await expect(waggle("reader", "publish", "custom.e2e.asked")).rejects.toThrow(/not authorized|AccessDenied/i);
  });

  test("what fails becomes a dead letter, which an operator redrives and a reader may not", async () => {
    const id = await publish("custom.e2e.broken");
    const [line = ""] = await eventually(
      "a dead letter",
      async () => {
        const letters = await lines("reader", "dlq", "list", "--event-id", id);
        return letters.length === 1 && letters;
      },
      60_000,
      200,
    );
    const letter = idLine.parse(JSON.parse(line)).id;
    await expect(waggle("reader", "dlq", "redrive", letter)).rejects.toThrow(/not authorized|AccessDenied/i);
    await waggle("operator", "dlq", "redrive", letter);
    await eventually(
      "it is fixed",
      async () => (await lines("reader", "history", "--type", "custom.e2e.fixed")).length === 1,
      60_000,
      200,
    );
  });

  test("an operator replays", async () => {
    const id = await publish("custom.e2e.asked");
    const answers = () => lines("reader", "history", "--correlation-id", id, "--type", "custom.e2e.answered");
    await eventually("it is answered", async () => (await answers()).length === 1, 60_000, 200);
    await waggle("operator", "replay", "--correlation-id", id, "--to", "responder");
    await eventually("it is answered again", async () => (await answers()).length === 2, 60_000, 200);
  });

  test("a worker handles its queue", async () => {
    const id = await publish("custom.grants.polled");
    await runProgram(process.execPath, [join(import.meta.dirname, "worker.ts")], { env: as("worker") });
    await eventually(
      "what it published is recorded",
      async () => (await lines("reader", "history", "--causation-id", id)).length === 1,
      60_000,
      200,
    );
  });
});

/** Makes an access key for each user. MiniStack's CloudFormation makes none, and no other test needs a client of IAM. */
async function createKeys(python: string, env: NodeJS.ProcessEnv): Promise<z.infer<typeof keysLine>> {
  const program = [
    "import json, os, sys, botocore.session",
    "iam = botocore.session.get_session().create_client('iam', endpoint_url=os.environ['AWS_ENDPOINT_URL'], region_name='us-east-1')",
    "keys = {name: iam.create_access_key(UserName=user)['AccessKey'] for name, user in json.loads(sys.argv[1]).items()}",
    "print(json.dumps({name: {'id': key['AccessKeyId'], 'secret': key['SecretAccessKey']} for name, key in keys.items()}))",
  ];
  const users = Object.fromEntries(userNames.map((name) => [name, userName(name)]));
  return keysLine.parse(
    JSON.parse(await runProgram(python, ["-c", program.join("\n"), JSON.stringify(users)], { env })),
  );
}
