import type { Engine } from "../engine/engine.ts";
import { BusError } from "../error/bus-error.ts";
import { type Duration, parseDuration } from "../event/duration.ts";
import { checkCallOptions } from "../runtime/call-options.ts";
import type { Clock } from "../runtime/clock.ts";
import type { ChangeWatch } from "./change-watch.ts";
import { type Flow, readFlow } from "./flow.ts";

/** How long {@link Bus.settled} waits. */
export interface SettledOptions {
  /** Default 30 s. */
  timeout?: Duration;
  /** Ends the wait as `aborted`. */
  signal?: AbortSignal;
}

export interface SettledDependencies {
  readonly engine: Engine;
  readonly changes: ChangeWatch;
  readonly clock: Clock;
  /** Fires when the bus closes. */
  readonly closing: AbortSignal;
}

/** See {@link Bus.settled}. */
export async function settled(
  { engine, changes, clock, closing }: SettledDependencies,
  correlationId: string,
  options: SettledOptions = {},
): Promise<Flow> {
  checkCallOptions("settled", options, ["timeout", "signal"]);
  if (engine.deliveries.pending === undefined) {
    throw new BusError(
      "invalid_config",
      `settled: the ${engine.name} engine cannot list the pending deliveries of a flow; use \`waitFor\` to wait for the event that ends the flow`,
    );
  }
  const timeoutMs = parseDuration(options.timeout ?? "30s", "settled: timeout");
  const deadline = clock.now() + timeoutMs;
  const signal = options.signal === undefined ? closing : AbortSignal.any([options.signal, closing]);
  const unwatch = changes.use();
  try {
    for (;;) {
      const { seen } = changes;
      const pending = await engine.deliveries.pending(correlationId);
      if (pending.length === 0) return await readFlow(engine, correlationId);
      // Where something changes all the time, no wait is long enough to see its deadline or its signal.
      const over = clock.now() >= deadline || signal.aborted;
      if (!over && (await changes.after(seen, { deadline, signal }))) continue;
      if (closing.aborted) throw new BusError("closed", "the bus was closed while settled waited");
      if (signal.aborted) throw new BusError("aborted", "settled was aborted by its signal", { cause: signal.reason });
      const what = pending.slice(0, 3).map((one) => `${one.type} in ${one.subscription} (${one.state})`);
      throw new BusError(
        "timeout",
        `flow ${correlationId} was not settled within ${timeoutMs} ms: ${pending.length} pending, ${what.join(", ")}; give a longer \`timeout\``,
        { details: { correlationId, timeoutMs, pending } },
      );
    }
  } finally {
    unwatch();
  }
}
