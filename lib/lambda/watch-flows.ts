import * as z from "zod";
import type { Alert } from "../alerts/alert.ts";
import type { SpikeLimits } from "../alerts/detectors/spike.ts";
import { publishAlerts } from "../alerts/publish-alerts.ts";
import { metricNames } from "../aws-shared/index.ts";
import type { Bus } from "../bus/bus.ts";
import { createHistoryTable } from "../engines/aws/history/index.ts";
import { BusError } from "../error/bus-error.ts";
import { parseDuration } from "../event/duration.ts";
import { type WatchedHistory, watchFlowsOf } from "./flow-watch.ts";
import type { ScheduledFunction } from "./function.ts";
import { createFunctionBus } from "./function-bus.ts";
import { functionDependencies } from "./function-dependencies.ts";
import { type FunctionRuntime, lambdaRuntime } from "./function-runtime.ts";
import { metricsLine } from "./metrics.ts";
import { once } from "./once.ts";
import type { WatchOptions } from "./options.ts";
import { minutesToCount, rateAlerts } from "./rate-watch.ts";

const minute = 60_000;
/** What was accepted is recorded after this time at the latest, or seen by the next run. */
const lagMs = 15_000;
/** Time that one run covers: a minute more than there is between two, so that one which failed, or came late, is made up for. */
const coveredMs = 2 * minute;
/** Alerts of one run. Above it something is wrong with the whole, and not with a thousand flows. */
const mostAlerts = 100;

interface WatchSettings {
  readonly slowMs: number;
  readonly spike: SpikeLimits;
  readonly source: string;
}

/**
 * The function that watches flows and rates: `export const handler = watchFlows()`, invoked every minute. It reads what
 * history has of the last minutes, counts flows and their durations in metrics, and publishes `system.performance.alert`:
 * one for a flow that takes too long, one where a type begins to come far more often than in the ten minutes before, one
 * where that is over. It keeps nothing between two runs: an alert's id follows from what it is about, so that a run that
 * is repeated raises nothing again. `invalid_config`.
 */
export function watchFlows(options: WatchOptions = {}): ScheduledFunction {
  return watchFunction(options, lambdaRuntime);
}

/**
 * {@link watchFlows} in any process.
 * @internal Its types are the SDK's: who compiles against this module needs none.
 */
export function watchFunction(options: WatchOptions, runtime: FunctionRuntime): ScheduledFunction {
  const settings = watchSettings(options);
  const ready = once(async () => {
    const dependencies = await functionDependencies(runtime, options.catalog);
    const history = createHistoryTable(dependencies);
    return { ...createFunctionBus(dependencies, settings.source), history, dependencies };
  });
  return async (event) => {
    const { bus, history, dependencies } = await ready();
    const owner = { bus: dependencies.config.bus };
    const now = scheduledAt(event, runtime.clock.now());
    const { durations, slowFlows, alerts, cut } = await watchOnce(bus, history, settings, now);
    const { flows, slowFlows: slow, alerts: raised, flowDuration } = metricNames;
    for (const line of [
      metricsLine(owner, { [flows]: durations.length, [slow]: slowFlows, [raised]: alerts }, now),
      metricsLine(owner, { [flowDuration]: durations }, now, "Milliseconds"),
    ]) {
      if (line !== undefined) runtime.write(line);
    }
    if (cut) dependencies.logger.warn("there was more than one run takes: some flows or alerts were left out");
  };
}

/** Watches the last minutes before `now`. */
export async function watchOnce(bus: Bus, history: WatchedHistory, settings: WatchSettings, now: number) {
  const until = now - lagMs;
  const minutes = minutesToCount(until);
  const [flows, rows] = await Promise.all([
    watchFlowsOf(history, { since: now - coveredMs, until: now }, settings.slowMs),
    bus.history.stats({ since: new Date(minutes.since), until: new Date(minutes.until), window: minute }),
  ]);
  const alerts: readonly Alert[] = [...rateAlerts(rows, minutes.until, settings.spike), ...flows.alerts];
  return {
    durations: flows.durations,
    slowFlows: flows.alerts.length,
    alerts: await publishAlerts(bus, alerts.slice(0, mostAlerts), settings.source),
    cut: flows.cut || alerts.length > mostAlerts,
  };
}

const scheduled = z.object({ time: z.iso.datetime() });

/** When the schedule meant the run to be: one that is repeated reads the same minutes. */
function scheduledAt(event: unknown, now: number): number {
  const parsed = scheduled.safeParse(event);
  return parsed.success ? Math.min(now, Date.parse(parsed.data.time)) : now;
}

function watchSettings({ slowFlow = "10s", spike = {}, source = "watch-flows" }: WatchOptions): WatchSettings {
  const { factor = 3, over = 10 } = spike;
  for (const [name, value] of Object.entries({ factor, over })) {
    if (Number.isFinite(value) && value >= 0) continue;
    throw new BusError("invalid_config", `watchFlows: spike.${name} is ${value}; give a number from 0`);
  }
  return { slowMs: parseDuration(slowFlow, "watchFlows: slowFlow", { min: 1 }), spike: { factor, over }, source };
}
