// The Lambda side of node_lambda.py: loads the handler, then answers one invocation at a time.
import { existsSync } from "node:fs";
import { Socket } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const env = process.env;
const channel = new Socket({ fd: Number(process.argv[2]) });

/**
 * @param {"ok" | "error"} status
 * @param {unknown} value
 */
const reply = (status, value) =>
  new Promise((sent) => channel.write(`${status} ${JSON.stringify(value) ?? "null"}\n`, sent));

/** @param {unknown} error */
const describe = (error) =>
  error instanceof Error
    ? { errorType: error.name, errorMessage: error.message, trace: (error.stack ?? "").split("\n") }
    : { errorType: typeof error, errorMessage: String(error), trace: [] };

/**
 * @param {unknown} error
 * @returns {Promise<never>}
 */
const fail = async (error) => {
  await reply("error", describe(error));
  process.exit(1);
};

const load = async () => {
  const [, path = "", names = ""] = /^(.*?[^/.]*)\.(.*)$/.exec(env._HANDLER ?? "") ?? [];
  const base = join(env.LAMBDA_TASK_ROOT ?? "", path);
  const file = [".js", ".mjs", ".cjs"].map((ending) => base + ending).find(existsSync);
  if (!file) throw new Error(`Cannot find module '${path}'`);
  const module = await import(pathToFileURL(file).href);
  const pick = (/** @type {unknown} */ root) => names.split(".").reduce((value, name) => Object(value)[name], root);
  const handler = pick(module) ?? pick(module.default);
  if (typeof handler !== "function") throw new Error(`${env._HANDLER} is undefined or not exported`);
  return handler;
};

/** @param {Record<string, string>} invocation */
const context = (invocation) => {
  const deadline = Date.now() + Number(env.AWS_LAMBDA_FUNCTION_TIMEOUT) * 1000;
  return {
    awsRequestId: invocation["invoke-id"],
    invokedFunctionArn: invocation["invoked-function-arn"],
    functionName: env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: env.AWS_LAMBDA_FUNCTION_VERSION,
    memoryLimitInMB: env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: env.AWS_LAMBDA_LOG_STREAM_NAME,
    callbackWaitsForEmptyEventLoop: true,
    getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
  };
};

process.on("uncaughtException", fail);
channel.on("close", () => process.exit());

const handler = await load().catch(fail);
await reply("ok", null);
for await (const line of createInterface({ input: channel })) {
  const invocation = JSON.parse(line);
  env._X_AMZN_TRACE_ID = invocation["trace-id"];
  try {
    await reply("ok", await handler(JSON.parse(invocation.payload), context(invocation)));
  } catch (error) {
    await reply("error", describe(error));
  }
}
