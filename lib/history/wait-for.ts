import * as z from "zod";
import type { EventLog } from "../engine/event-log.ts";
import type { Catalog } from "../event/catalog.ts";
import { type Duration, parseDuration } from "../event/duration.ts";
import type { Event } from "../event/event.ts";
import { lazy } from "../event/lazy.ts";
import { callFields } from "../runtime/call-fields.ts";
import { parseCallOptions } from "../runtime/call-options.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Logger } from "../runtime/logger.ts";
import { unmatchedMessage, unmatchedNames } from "../subscription/index.ts";
import { createCollector } from "./collector.ts";
import type { LogReader } from "./log-reader.ts";
import { selectionOf } from "./log-selections.ts";
import { parseMatchers } from "./parse-matchers.ts";
import { positionOf } from "./since.ts";
import { WaitLimit } from "./wait-limit.ts";

/** How far {@link Bus.waitFor} looks back, and how long it waits. */
export interface WaitOptions {
  /** Looks back: events accepted after this event, or at or after this time. Default: from now on. */
  since?: Event | string | Date;
  /** Default 30 s. `0` looks back only. */
  timeout?: Duration;
  /** Ends the wait as `aborted`; in a handler, the end of the attempt does too. */
  signal?: AbortSignal;
}

export interface WaitDependencies {
  readonly log: EventLog;
  readonly catalog: Catalog;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly reader: LogReader;
  /** Fires when the bus closes. */
  readonly closing: AbortSignal;
}

const schema = lazy(() => {
  const { duration, signal } = callFields();
  return z.strictObject({ since: z.unknown().exactOptional(), timeout: duration, signal });
});

/**
 * See {@link Bus.waitFor}. Reads the log from `since` on, or from its end as of this call. The timeout runs from the call, and
 * does not cut off what was there by then: `timeout: 0` looks back only.
 */
export async function waitFor(
  dependencies: WaitDependencies,
  wants: unknown,
  options: unknown = {},
): Promise<Event | Event[]> {
  const { log, catalog, logger, reader } = dependencies;
  const { since, timeout = "30s", signal } = parseCallOptions("waitFor", schema(), options);
  const matchers = parseMatchers(catalog, wants);
  const collector = createCollector(catalog, matchers);
  for (const unmatched of unmatchedNames(
    matchers.matchers.flatMap(({ types }) => types),
    catalog,
  )) {
    logger.warn(`waitFor: ${unmatchedMessage(unmatched)}`);
  }
  const timeoutMs = parseDuration(timeout, "waitFor: timeout");
  const start = positionOf("waitFor", since);
  const limit = new WaitLimit(dependencies, timeoutMs, signal);
  try {
    const end = log.position("end");
    // What lies after a `since` counts, known or not.
    const isKnown = start === undefined ? log.recentlySeen?.() : undefined;
    const from = start === undefined ? end : log.position(start);
    const [endAtCall] = await Promise.all([end, from]);
    const wanted = matchers.matchers.map(({ types, where }) => selectionOf(types, where));
    for await (const { events, position, atEnd } of reader.after(from, { signal: limit.signal, wanted })) {
      for (const { event } of events) {
        const found = isKnown?.(event) === true ? undefined : collector.add(event);
        if (found !== undefined) return found;
      }
      if (atEnd || position >= endAtCall) limit.caughtUp();
    }
    throw limit.reason(matchers, collector);
  } finally {
    limit.end();
  }
}
