import { type AnyBus, dataOf, openBus } from "../agents/dependencies.ts";
import { deliveryId } from "../agents/this-delivery.ts";
import { executionCompleted, executionFailed, executionResumed, executionStarted } from "../catalog/execution.ts";
import { runContext } from "../delivery/run-context.ts";
import { messageOf } from "../error/message-of.ts";
import type { Json } from "../event/json.ts";
import type { Prices } from "./prices.ts";
import { recordable } from "./recordable.ts";
import { Run } from "./run.ts";

/** Options of {@link execution}. */
export interface ExecutionOptions {
  /** The flow to which all of its events belong, and by which it resumes. Default: that of the event being handled, else a new one. */
  readonly flow?: string;
  /** Who runs: goes into the metadata of each event. In one flow, each agent has an execution of its own. */
  readonly agentId?: string;
  /** Tells executions of one agent in one flow apart. Default: `main`. */
  readonly name?: string;
  /** What it was asked; kept in `execution.started`. */
  readonly input?: unknown;
  /** Of models, for the `cost` of their calls. Without a price a call has no cost. */
  readonly prices?: Prices;
}

/**
 * Runs an agent of any framework as one execution, and publishes `execution.started`, or `execution.resumed` where one of
 * the same flow, agent and name was begun before, then `execution.completed` with what it returns, or `execution.failed`. One
 * that was completed is not run again: its output is returned. `work` gets the run, by which the functions of an adapter
 * publish. Rejects with what `work` throws, and where one of the run's events cannot be published.
 */
export async function execution<Output extends Json | undefined>(
  bus: AnyBus,
  options: ExecutionOptions,
  work: (run: Run) => Output | Promise<Output>,
): Promise<Output> {
  const open = openBus("execution", bus);
  const { agentId, name = "main", input, prices } = options;
  const flow = options.flow ?? runContext.getStore()?.event.metadata.correlationId ?? open.nextId();
  const executionId = deliveryId("execution", [flow, agentId, name]);
  const ids = { started: `${executionId}-started`, completed: `${executionId}-completed` };
  const [before, done] = await Promise.all([open.engine.log.get(ids.started), open.engine.log.get(ids.completed)]);
  // Only the first call knows the type of what it returned.
  if (done !== undefined) return dataOf(executionCompleted, done)?.output as Output;

  const metadata = { correlationId: flow, executionId, ...(agentId === undefined ? {} : { agentId }) };
  const root =
    before === undefined
      ? await open.bus.publish(
          executionStarted,
          input === undefined ? { executionId } : { executionId, input: recordable(input) },
          { id: ids.started, metadata },
        )
      : await open.bus.publish(executionResumed, { executionId }, { metadata });
  const run = new Run(open, { flow, resumed: before !== undefined, prices, metadata, root });
  const end = { metadata: { ...metadata, causationId: root.id } };
  try {
    const output = await work(run);
    await run.published();
    await open.bus.publish(executionCompleted, output === undefined ? { executionId } : { executionId, output }, {
      ...end,
      id: ids.completed,
    });
    return output;
  } catch (thrown) {
    // What went wrong counts more than that it could not be published, in an aborted handler for example.
    await run.published().catch(() => {});
    await open.bus.publish(executionFailed, { executionId, error: messageOf(thrown) }, end).catch(() => {});
    throw thrown;
  }
}
