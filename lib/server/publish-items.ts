import type { BusError } from "../error/bus-error.ts";
import type { Draft, Event } from "../event/event.ts";
import type { Refusal } from "./http/refusal.ts";
import type { Server } from "./server-context.ts";

/** A draft that may be published, or why it may not. */
export type Item =
  | { readonly draft: Draft; readonly error?: never }
  | { readonly draft?: never; readonly error: BusError | Refusal };

/** What became of an item. */
export type ItemResult = { ok: true; event: Event } | { ok: false; error: BusError | Refusal };

/** Publishes what may be published; one result for each item, in order. */
export async function publishItems({ served }: Server, items: readonly Item[]): Promise<ItemResult[]> {
  const published = await served.bus.publishAll(items.flatMap(({ draft }) => draft ?? []));
  const results = published.values();
  return items.map(({ error }): ItemResult => {
    if (error !== undefined) return { ok: false, error };
    const result = results.next().value;
    if (result === undefined) throw new Error("the bus gave fewer results than it was given drafts");
    return result.ok ? { ok: true, event: result.event } : { ok: false, error: result.error };
  });
}
