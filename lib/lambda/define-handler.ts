import { functionLimitProblem } from "../aws-shared/index.ts";
import type { Middleware, MiddlewareOption } from "../bus/middleware.ts";
import type { RegisteredEvents } from "../bus/register.ts";
import { provideAws, provideBus } from "../connect/provided-bus.ts";
import type { Handler } from "../delivery/handler.ts";
import { composeHandler, type HandlerMiddleware } from "../delivery/middleware.ts";
import type { AnyHandler } from "../delivery/user-function.ts";
import { MessageQueue } from "../engines/aws/consume/message-queue.ts";
import { Regrouper } from "../engines/aws/consume/regrouper.ts";
import { createAwsEngine, openAws } from "../engines/aws/index.ts";
import { BusError } from "../error/bus-error.ts";
import { shortForm } from "../error/short-form.ts";
import { type BusMiddleware, busMiddlewareName } from "../publish/middleware.ts";
import { withFields } from "../runtime/logger.ts";
import { checkAgainstCatalog, subscriptionRecord } from "../subscription/index.ts";
import type { EventOf, EventSelector, Subscription, SubscriptionRecord } from "../subscription/subscription.ts";
import { BatchRun } from "./batch-run.ts";
import { functionSubscription } from "./environment.ts";
import type { QueueFunction } from "./function.ts";
import { createFunctionBus } from "./function-bus.ts";
import { functionDependencies } from "./function-dependencies.ts";
import { type FunctionRuntime, lambdaRuntime } from "./function-runtime.ts";
import { InvocationTime } from "./invocation-time.ts";
import { metricsLine } from "./metrics.ts";
import { once } from "./once.ts";
import type { HandlerOptions } from "./options.ts";
import { queueBatch } from "./queue-batch.ts";

/**
 * The Lambda function of a subscription: `export const handler = defineHandler(subscription, handle)`. The handler is the
 * same as for `bus.subscribe`, and keeps the same promises: see docs/aws/lambda.md. The event source mapping of the function
 * has to report batch item failures; which bus and queue it belongs to it reads from its environment at the first
 * invocation; then it also checks the subscription against its catalog, as `bus.subscribe` does: `unknown_type` for a type and
 * `invalid_config` for a path that the catalog does not have, and a warning in the log for a name with `*` that matches no type.
 * `invalid_config`, `invalid_pattern`; `throttle`, `concurrencyPerKey` and `batch` are refused, as they hold in one
 * process only.
 */
export function defineHandler<const On extends EventSelector | readonly EventSelector[], Events = RegisteredEvents>(
  subscription: Subscription<On>,
  handler: Handler<EventOf<{ on: On }, Events>, Events>,
  options: HandlerOptions<Events> = {},
): QueueFunction {
  return subscriberFunction(subscription, handler, options, lambdaRuntime);
}

/**
 * {@link defineHandler} in any process.
 * @internal Its types are the SDK's: who compiles against this module needs none.
 */
export function subscriberFunction(
  subscription: object,
  handler: AnyHandler,
  options: HandlerOptions,
  runtime: FunctionRuntime,
): QueueFunction {
  const record = checkedRecord(subscription, handler, options);
  const settings = { handler: composeHandler(handlerMiddleware(options), handler) };
  const ready = once(() => makeReady(record, options, runtime));
  provideBus(async () => (await ready()).bus);
  provideAws({ createAwsEngine, openAws });
  return async (event, context) => {
    const messages = queueBatch(event);
    const time = new InvocationTime(runtime.clock, context);
    const { dependencies, bus, counters, deliveries, queue, regrouper } = await ready();
    const logger = withFields(dependencies.logger, { requestId: context.awsRequestId });
    const attempts = { ...dependencies, bus, counters, logger };
    const run = new BatchRun({ attempts, record, handler: settings, deliveries, queue, regrouper, time }, messages);
    try {
      const back = await run.run();
      return { batchItemFailures: back.map((itemIdentifier) => ({ itemIdentifier })) };
    } finally {
      const owner = { bus: dependencies.config.bus, subscription: record.name };
      const line = metricsLine(owner, run.counts, runtime.clock.now());
      if (line !== undefined) runtime.write(line);
    }
  };
}

async function makeReady(record: SubscriptionRecord, options: HandlerOptions, runtime: FunctionRuntime) {
  const deployed = functionSubscription(runtime.env);
  if (deployed.record.name !== record.name) {
    throw new BusError(
      "invalid_config",
      `the function handles subscription ${record.name} and is deployed for ${deployed.record.name}; deploy it again`,
    );
  }
  const dependencies = await functionDependencies(runtime, options.catalog);
  const { catalog, logger } = dependencies;
  for (const doubt of checkAgainstCatalog(record, catalog)) logger.warn(doubt, { subscription: record.name });
  const own = createFunctionBus(dependencies, options.source ?? record.name, publishMiddleware(options));
  const { queueUrl } = deployed;
  const { name: subscription, ordered } = deployed.record;
  const regrouper =
    ordered === undefined ? undefined : new Regrouper(dependencies, { subscription, queueUrl, ordered });
  return { ...own, dependencies, regrouper, queue: new MessageQueue(dependencies, queueUrl) };
}

function checkedRecord(subscription: object, handler: AnyHandler, options: HandlerOptions): SubscriptionRecord {
  const record = subscriptionRecord(subscription);
  const problem = functionLimitProblem(record) ?? handlerProblem(handler, options);
  if (problem === undefined) return record;
  throw new BusError("invalid_config", `subscription ${record.name}: ${problem}`);
}

/** Functions are of handlers unless they are named to be of a bus, objects are of both. */
function handlerMiddleware({ use = [] }: HandlerOptions): HandlerMiddleware[] {
  return use.flatMap((one) => {
    if (!runsAroundHandlers(one)) return [];
    return typeof one === "function" ? one : (one.handle ?? []);
  });
}

function publishMiddleware({ use = [] }: HandlerOptions): MiddlewareOption[] {
  return use.flatMap((one): MiddlewareOption | [] => {
    if (makesMiddleware(one)) return one;
    if (typeof one === "function" || !runsAroundHandlers(one) || one.publish === undefined) return [];
    return { publish: one.publish };
  });
}

function runsAroundHandlers(
  one: HandlerMiddleware | Middleware | BusMiddleware,
): one is HandlerMiddleware | Middleware {
  return busMiddlewareName(one) === undefined;
}

function makesMiddleware(one: object): one is Exclude<MiddlewareOption, Middleware> {
  return busMiddlewareName(one) !== undefined;
}

function handlerProblem(handler: AnyHandler, { batch }: HandlerOptions): string | undefined {
  if (typeof handler !== "function") return `the handler is ${shortForm(handler)}; give a function`;
  if (batch === undefined) return undefined;
  return "batch is not supported in a Lambda function, which handles one event at a time; omit it, or handle the subscription in a process with QueueSubscriber";
}
