import * as z from "zod";
import { Attempts, type HandlerSettings } from "../../../lib/delivery/attempts.ts";
import type { HandlerContext } from "../../../lib/delivery/handler.ts";
import type { AnyHandler } from "../../../lib/delivery/user-function.ts";
import type { Delivery, Outcome } from "../../../lib/engine/delivery.ts";
import type { BusError } from "../../../lib/error/bus-error.ts";
import { createCatalog, defineEvent, type Event } from "../../../lib/event/index.ts";
import { Counters } from "../../../lib/runtime/metrics.ts";
import { ManualClock } from "../../../lib/testing/manual-clock.ts";
import { testBus } from "../../../lib/testing/test-bus.ts";
import { aRecord } from "../../support/a-record.ts";
import { anEvent } from "../../support/an-event.ts";

const taskRead = defineEvent("task.read", {
  version: 2,
  data: z.looseObject({ pages: z.number() }),
  older: [{ version: 1, data: z.looseObject({}), upcast: (data) => ({ pages: 1, ...data }) }],
});
const catalog = createCatalog([taskRead]);
const record = aRecord({ attempts: 3, timeout: 10_000, backoff: { from: 1_000, to: 4_000 } });

/** Runs a handler over deliveries, and tells how they ended. */
export function attempting(
  handler: (event: Event, context: HandlerContext) => unknown,
  parts: Partial<HandlerSettings> = {},
) {
  const clock = new ManualClock();
  const counters = new Counters();
  const errors: BusError[] = [];
  const logged: string[] = [];
  const log = (message: string) => logged.push(message);
  const logger = { debug: log, info: log, warn: log, error: log };
  const outcomes: Outcome[] = [];
  const onError = (error: BusError) => errors.push(error);
  const bus = testBus();
  const dependencies = { catalog, clock, random: () => 0.5, logger, counters, bus, onError };
  const asHandler: AnyHandler = handler;
  const attempts = new Attempts(dependencies, { handler: asHandler, ...parts }, (_, outcome) => outcomes.push(outcome));
  const begin = (delivery: Partial<Delivery> = {}) =>
    attempts.begin(
      {
        subscription: record.name,
        event: anEvent(),
        attempt: 1,
        acceptedAt: clock.now() - 5,
        failures: [],
        redriven: false,
        ...delivery,
      },
      record,
    );
  return { attempts, begin, clock, counters, errors, logged, outcomes };
}

/** The same with a handler that throws. */
export const failing = (error: unknown) =>
  attempting(() => {
    throw error;
  });
