import type { Engine } from "../engine/engine.ts";
import type { Flow } from "../engine/queries.ts";
import { BusError } from "../error/bus-error.ts";
import { type Duration, parseDuration } from "../event/duration.ts";
import { checkCallOptions } from "../runtime/call-options.ts";
import type { Clock } from "../runtime/clock.ts";
import { Changes } from "./changes.ts";
import { readFlow } from "./flow.ts";

export interface SettledDependencies {
  readonly engine: Engine;
  readonly clock: Clock;
  /** Fires when the bus closes. */
  readonly closing: AbortSignal;
}

/** See {@link Bus.settled}. */
export async function settled(
  host: SettledDependencies,
  correlationId: string,
  options: { timeout?: Duration; signal?: AbortSignal } = {},
): Promise<Flow> {
  const { engine, clock, closing } = host;
  checkCallOptions("settled", options, ["timeout", "signal"]);
  if (engine.lacks.has("settled")) {
    throw new BusError(
      "invalid_config",
      `settled: the ${engine.name} engine cannot tell what of a flow is under way; wait for the event that ends the flow, by waitFor`,
    );
  }
  const timeoutMs = parseDuration(options.timeout ?? "30s", "settled: timeout");
  const deadline = clock.now() + timeoutMs;
  const signal = options.signal === undefined ? closing : AbortSignal.any([options.signal, closing]);
  const changes = new Changes(engine);
  try {
    for (;;) {
      const pending = await engine.pending(correlationId);
      if (pending.length === 0) return await readFlow(engine, correlationId);
      if (await changes.next({ clock, deadline, signal })) continue;
      if (closing.aborted) throw new BusError("closed", "the bus was closed while settled waited");
      if (signal.aborted) throw new BusError("aborted", "settled was aborted by its signal", { cause: signal.reason });
      const what = pending.slice(0, 3).map((one) => `${one.type} in ${one.subscription} (${one.state})`);
      throw new BusError(
        "timeout",
        `flow ${correlationId} is not settled after ${timeoutMs} ms: ${pending.length} under way, ${what.join(", ")}`,
        { details: { correlationId, timeoutMs, pending } },
      );
    }
  } finally {
    changes.stop();
  }
}
