import type { LogBatch } from "../../history/log-reader.ts";
import type { Clock } from "../../runtime/clock.ts";
import { within } from "../../runtime/within.ts";
import type { Beginning, EventFeed, FeedSource, Place } from "./feed.ts";

/** How a stream goes out. */
export interface StreamSettings {
  readonly clock: Clock;
  /** Milliseconds without an event after which a heartbeat is sent. */
  readonly heartbeatMs: number;
  /** Whether the caller may still see what it asked for; asked with each heartbeat. */
  readonly isAllowed: () => Promise<boolean>;
  readonly signal: AbortSignal;
  /** Sends one notification; `params` get the id of the stream. */
  readonly notify: (method: string, params: Readonly<Record<string, unknown>>) => Promise<void>;
}

/** Sends the events of one subscription as they are accepted, until the signal fires, or the caller may see them no more: `forbidden`. */
export async function streamEvents(
  { reader }: Pick<FeedSource, "reader">,
  feed: EventFeed,
  begin: Beginning,
  settings: StreamSettings,
): Promise<"ended" | "forbidden"> {
  const { clock, heartbeatMs, isAllowed, notify } = settings;
  const gone = new AbortController();
  const signal = AbortSignal.any([settings.signal, gone.signal]);
  let place: Place = begin;
  await notify("notifications/events/active", { cursor: feed.encode(place), truncated: begin.truncated });
  const batches = reader.after(begin.position, { signal, keepAlive: true, wanted: feed.wanted });
  try {
    let next = batches.next();
    for (;;) {
      const batch = await within(next, clock, heartbeatMs);
      if (signal.aborted) return "ended";
      if (batch === undefined) {
        if (!(await isAllowed())) return "forbidden";
        await notify("notifications/events/heartbeat", { cursor: feed.encode(place) });
        continue;
      }
      if (batch.done === true) return "ended";
      place = await sendBatch(feed, batch.value, place, settings);
      next = batches.next();
    }
  } finally {
    gone.abort();
    await batches.return();
  }
}

async function sendBatch(feed: EventFeed, batch: LogBatch, from: Place, settings: StreamSettings): Promise<Place> {
  let place = from;
  for (const entry of batch.events) {
    if (settings.signal.aborted) return place;
    place = { position: entry.position, witness: entry.event.id };
    if (!feed.matches(entry)) continue;
    const occurrence = { ...feed.occurrence(entry), cursor: feed.encode(place) };
    await settings.notify("notifications/events/event", { ...occurrence });
  }
  return { ...place, position: batch.position };
}
