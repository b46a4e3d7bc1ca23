import * as z from "zod";
import type { PendingDelivery } from "../engine/delivery.ts";
import type { Engine } from "../engine/engine.ts";
import { BusError } from "../error/bus-error.ts";
import { type Duration, parseDuration } from "../event/duration.ts";
import { lazy } from "../event/lazy.ts";
import { callFields, parseId } from "../runtime/call-fields.ts";
import { parseCallOptions } from "../runtime/call-options.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Logger } from "../runtime/logger.ts";
import type { ChangeWatch } from "./change-watch.ts";
import { type Flow, readFlow } from "./flow.ts";
import { LookPace } from "./look-pace.ts";
import { WaitEnd } from "./wait-end.ts";

/** How long {@link Bus.settled} waits. */
export interface SettledOptions {
  /** Default 30 s. */
  timeout?: Duration;
  /** Ends the wait as `aborted`; in a handler, the end of the attempt does too. */
  signal?: AbortSignal;
}

export interface SettledDependencies {
  readonly engine: Engine;
  readonly changes: ChangeWatch;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Fires when the bus closes. */
  readonly closing: AbortSignal;
}

const schema = lazy(() => {
  const { duration, signal } = callFields();
  return z.strictObject({ timeout: duration, signal });
});

/** See {@link Bus.settled}. */
export async function settled(
  { engine, changes, clock, closing, logger }: SettledDependencies,
  flow: unknown,
  options: unknown = {},
): Promise<Flow> {
  const { timeout = "30s", signal: given } = parseCallOptions("settled", schema(), options);
  const correlationId = parseId("settled", "the correlation id", flow);
  const timeoutMs = parseDuration(timeout, "settled: timeout");
  const { deliveries } = engine;
  if (deliveries.pending === undefined) {
    throw new BusError(
      "invalid_config",
      `settled: the ${engine.name} engine cannot list the pending deliveries of a flow; use \`waitFor\` to wait for the event that ends the flow`,
    );
  }
  const deadline = clock.now() + timeoutMs;
  const end = new WaitEnd("settled", given, closing);
  const signal = AbortSignal.any([...end.signals]);
  const pace = new LookPace(clock);
  const warned = new Set<string>();
  const unwatch = changes.use();
  try {
    // All of it at first, to tell what nobody handles; then one is enough to know that the flow goes on.
    let limit: number | undefined;
    for (;;) {
      const { seen } = changes;
      const pending = await pace.look(() => deliveries.pending?.(correlationId, limit) ?? []);
      if (pending.length === 0) return await readFlow(engine, correlationId);
      for (const name of unhandled(pending)) {
        if (warned.has(name)) continue;
        warned.add(name);
        logger.warn("a flow waits for a subscription that no process handles: subscribe it, or delete it", {
          subscription: name,
          correlationId,
          command: deletion(name),
        });
      }
      const whole = limit === undefined;
      limit = 1;
      // Where something changes all the time, no wait is long enough to see its deadline or its signal.
      const over = clock.now() >= deadline || signal.aborted;
      if (!over && (await changes.after(seen, { deadline, signal }))) {
        await pace.rest({ deadline, signal });
        continue;
      }
      const ended = end.reason();
      if (ended !== undefined) throw ended;
      const all = whole ? pending : await deliveries.pending(correlationId);
      if (all.length === 0) return await readFlow(engine, correlationId);
      throw timedOut(correlationId, timeoutMs, all);
    }
  } finally {
    unwatch();
  }
}

function timedOut(correlationId: string, timeoutMs: number, pending: readonly PendingDelivery[]): BusError {
  const what = pending.slice(0, 3).map((one) => `${one.type} in ${one.subscription} (${one.state})`);
  const orphaned = unhandled(pending);
  const paused = namesOf(pending.filter((one) => one.paused === true));
  const fixes = [
    ...(paused.length === 0
      ? []
      : [`${paused.join(", ")} is paused: resume it (${paused.map(resumption).join("; ")})`]),
    ...(orphaned.length === 0
      ? []
      : [
          `no process handles ${orphaned.join(", ")}: subscribe to it, or delete it (${orphaned.map(deletion).join("; ")})`,
        ]),
  ];
  const fix = fixes.length === 0 ? "give a longer `timeout`" : fixes.join("; ");
  const commands = [...paused.map(resumption), ...orphaned.map(deletion)];
  return new BusError(
    "timeout",
    `flow ${correlationId} was not settled within ${timeoutMs} ms: ${pending.length} pending, ${what.join(", ")}; ${fix}`,
    {
      details: {
        correlationId,
        timeoutMs,
        pending,
        ...(paused.length === 0 ? {} : { paused }),
        ...(orphaned.length === 0 ? {} : { unhandled: orphaned }),
        ...(commands.length === 0 ? {} : { commands }),
      },
    },
  );
}

/** The subscriptions among these that no process handles, as far as the engine knows. */
function unhandled(pending: readonly PendingDelivery[]): string[] {
  return namesOf(pending.filter(({ handled }) => handled === false));
}

function namesOf(pending: readonly PendingDelivery[]): string[] {
  return [...new Set(pending.map(({ subscription }) => subscription))];
}

function resumption(subscription: string): string {
  return `waggle subscriptions resume ${subscription}`;
}

function deletion(subscription: string): string {
  return `waggle subscriptions delete ${subscription}`;
}
