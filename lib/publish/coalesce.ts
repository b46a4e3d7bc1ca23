import * as z from "zod";
import type { Appended, Entry } from "../engine/event-log.ts";
import { type Duration, parseDuration } from "../event/duration.ts";
import { lazy } from "../event/lazy.ts";
import { typeMatcher } from "../pattern/type-names.ts";
import { parseCallOptions } from "../runtime/call-options.ts";
import type { Clock, Timer } from "../runtime/clock.ts";
import { isRecord } from "../runtime/is-record.ts";
import { type BusMiddleware, busMiddleware, type PublishMiddleware, type PublishNext } from "./middleware.ts";

/** Which events are joined, and for how long one waits for the next. */
export interface CoalesceOptions {
  /** Types whose data has a text `content`; `*` allowed. Default: `*.delta`. */
  readonly types?: string | readonly string[];
  /** How long the first of them waits, at most: 1 ms to 10 s. Default 50 ms. */
  readonly every?: Duration;
  /** Characters after which it waits no longer, 1 to 262,144. Default 8,192. */
  readonly maxLength?: number;
}

/** What the middleware needs of its bus. */
export interface CoalesceContext {
  readonly clock: Clock;
  /** Fires when the bus closes: what waits is published then. */
  readonly closing: AbortSignal;
}

/** Texts that wait to become one event. */
interface Waiting {
  readonly first: Entry;
  readonly next: PublishNext;
  readonly texts: string[];
  length: number;
  data: Readonly<Record<string, unknown>>;
  readonly timer: Timer;
  readonly result: PromiseWithResolvers<Appended>;
}

const schema = lazy(() =>
  z.strictObject({
    types: z.union([z.string(), z.array(z.string()).readonly()]).default("*.delta"),
    every: z.unknown().default(50),
    maxLength: z.int().min(1).max(262_144).default(8_192),
  }),
);

/**
 * Middleware that joins the deltas of a stream to fewer events: the texts of deltas that differ in their `content` alone, in
 * order. The event has the id and time of the first of them, and so does what each of their publishes resolves with. What else a
 * flow publishes comes after the deltas that were published before it. An event with an id, or a transaction, of the caller's is
 * left as it is. Throws `invalid_config` for a wrong option.
 */
export function coalesce(
  options: CoalesceOptions = {},
): ((context: CoalesceContext) => { readonly publish: PublishMiddleware }) & BusMiddleware {
  const { types, every, maxLength } = parseCallOptions("coalesce", schema(), options);
  const everyMs = parseDuration(every, "coalesce: every", { min: 1, max: 10_000 });
  const isDelta = typeMatcher(typeof types === "string" ? [types] : types);
  return busMiddleware("coalesce", ({ clock, closing }: CoalesceContext) => {
    /** By flow, and in it by stream. */
    const flows = new Map<string, Map<string, Waiting>>();

    const flush = (flow: string, stream: string) => {
      const streams = flows.get(flow);
      const waiting = streams?.get(stream);
      if (streams === undefined || waiting === undefined) return;
      streams.delete(stream);
      if (streams.size === 0) flows.delete(flow);
      clock.clearTimer(waiting.timer);
      const { data, first, next, result, texts } = waiting;
      const event = Object.freeze({ ...first.event, data: Object.freeze({ ...data, content: texts.join("") }) });
      // Handed on at once, so that what is published next comes after it.
      try {
        result.resolve(next(texts.length === 1 ? first : { ...first, event }));
      } catch (thrown) {
        result.reject(thrown);
      }
    };
    const flushFlow = (flow: string) => {
      for (const stream of [...(flows.get(flow)?.keys() ?? [])]) flush(flow, stream);
    };
    const flushAll = () => {
      for (const flow of [...flows.keys()]) flushFlow(flow);
    };
    closing.addEventListener("abort", flushAll, { once: true });

    const publish: PublishMiddleware = (entry, next) => {
      const { event } = entry;
      const flow = event.metadata.correlationId;
      const text = isDelta(event.type) && !entry.ownId && entry.tx === undefined ? contentOf(event.data) : undefined;
      if (text === undefined || closing.aborted) {
        flushFlow(flow);
        return next(entry);
      }
      const stream = JSON.stringify([event.type, event.source, event.metadata, text.rest]);
      const known = flows.get(flow)?.get(stream);
      if (known === undefined) {
        // Deltas of another stream of the flow may overtake; those of this one that differ otherwise may not.
        flushStream(event.type, event.metadata.streamId, flow);
        const waiting: Waiting = {
          first: entry,
          next,
          texts: [text.content],
          length: text.content.length,
          data: text.data,
          timer: clock.setTimer(() => flush(flow, stream), everyMs, { keepAlive: true }),
          result: Promise.withResolvers<Appended>(),
        };
        const streams = flows.get(flow) ?? new Map<string, Waiting>();
        flows.set(flow, streams.set(stream, waiting));
        if (waiting.length >= maxLength) flush(flow, stream);
        return waiting.result.promise;
      }
      known.texts.push(text.content);
      known.length += text.content.length;
      known.data = text.data;
      if (known.length >= maxLength) flush(flow, stream);
      return known.result.promise;
    };

    const flushStream = (type: string, streamId: string | undefined, flow: string) => {
      for (const [stream, { first }] of [...(flows.get(flow) ?? [])]) {
        if (first.event.type === type && first.event.metadata.streamId === streamId) flush(flow, stream);
      }
    };
    return { publish };
  });
}

/** The text of a delta, and all that must be equal for it to be joined: a `snapshot` grows with the text, and the last one counts. */
function contentOf(data: unknown) {
  if (!isRecord(data) || typeof data.content !== "string") return undefined;
  const { content, snapshot: _, ...rest } = data;
  return { content, data, rest };
}
