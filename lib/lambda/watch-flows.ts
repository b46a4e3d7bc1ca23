import * as z from "zod";
import { checkAwsRules } from "../alerts/index.ts";
import { metricNames } from "../aws-shared/index.ts";
import { createHistoryTable } from "../engines/aws/history/index.ts";
import type { ScheduledFunction } from "./function.ts";
import { createFunctionBus } from "./function-bus.ts";
import { functionDependencies } from "./function-dependencies.ts";
import { type FunctionRuntime, lambdaRuntime } from "./function-runtime.ts";
import { FunctionWatch, type WatchRun } from "./function-watch.ts";
import { metricsLine } from "./metrics.ts";
import { once } from "./once.ts";
import type { WatchOptions } from "./options.ts";

/**
 * The function that watches a bus by rules: `export const handler = watchFlows()`, invoked every minute. It reads what history
 * has recorded since its last run, counts flows and their durations in metrics, and publishes `system.performance.alert` for each
 * alert that is raised or cleared. Where it stands it keeps in its memory; a function that starts anew reads the past again. An
 * alert's id follows from what it is about, so that a run that is repeated raises nothing again. `invalid_config`.
 */
export function watchFlows(options: WatchOptions = {}): ScheduledFunction {
  return watchFunction(options, lambdaRuntime);
}

/**
 * {@link watchFlows} in any process.
 * @internal Its types are the SDK's: who compiles against this module needs none.
 */
export function watchFunction(options: WatchOptions, runtime: FunctionRuntime): ScheduledFunction {
  const { source = "watch-flows" } = options;
  const rules = checkAwsRules(options.rules);
  const ready = once(async () => {
    const dependencies = await functionDependencies(runtime, options.catalog);
    const { bus } = createFunctionBus(dependencies, source);
    const history = createHistoryTable(dependencies);
    return { watch: new FunctionWatch({ bus, history, rules, source }), dependencies };
  });
  return async (event) => {
    const { watch, dependencies } = await ready();
    const now = scheduledAt(event, runtime.clock.now());
    const run = await watch.run(now);
    for (const line of metricsOf(run, dependencies.config.bus, now)) runtime.write(line);
    if (run.cut) dependencies.logger.warn("there was more than one run takes: some events or alerts were left out");
  };
}

function metricsOf({ durations, slowFlows, published, active }: WatchRun, bus: string, now: number): string[] {
  const { flows, slowFlows: slow, alerts, activeAlerts, flowDuration } = metricNames;
  const byRule = Map.groupBy(active, ({ alert }) => alert);
  const lines = [
    metricsLine({ bus }, { [flows]: durations.length, [slow]: slowFlows, [alerts]: published }, now),
    metricsLine({ bus }, { [flowDuration]: durations }, now, "Milliseconds"),
    ...[...byRule].map(([alert, { length }]) => metricsLine({ bus, alert }, { [activeAlerts]: length }, now)),
  ];
  return lines.filter((line) => line !== undefined);
}

const scheduled = z.object({ time: z.iso.datetime() });

/** When the schedule meant the run to be: one that is repeated reads the same minutes. */
function scheduledAt(event: unknown, now: number): number {
  const parsed = scheduled.safeParse(event);
  return parsed.success ? Math.min(now, Date.parse(parsed.data.time)) : now;
}
