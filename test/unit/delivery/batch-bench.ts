import type { BatchHandler, BatchOptions, Event } from "wagglebus";
import { testBus } from "wagglebus/testing";

export const type = "custom.page.read";
export const start = Date.UTC(2026, 0, 1);
export const nameOf = (event: Event): string => Object(event.data).name;
export const names = (events: readonly Event[]): string => events.map(nameOf).join(" ");

export type Handle = BatchHandler<Event>;

/** A bus whose batches are noted, each with the second in which it began. */
export async function batched(
  batch: BatchOptions,
  handle: Handle = () => {},
  settings: object = {},
  options: object = {},
) {
  const bus = testBus();
  const batches: string[] = [];
  const handler: Handle = (events, context) => {
    batches.push(`${names(events)} at ${(bus.clock.now() - start) / 1_000}`);
    return handle(events, context);
  };
  const subscriber = await bus.subscribe({ name: "readers", on: type, concurrency: 100, ...settings }, handler, {
    ...options,
    batch,
  });
  const publish = (name: string, more: object = {}) => bus.publish({ type, data: { name, ...more } });
  return { bus, batches, subscriber, publish };
}

/** What the handlers of a case are told to do, from outside. */
export function gate() {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { opened: promise, open: resolve };
}
