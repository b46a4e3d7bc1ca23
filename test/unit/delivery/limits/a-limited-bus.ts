import type { Event, Handler, Subscription } from "wagglebus";
import { type TestBus, testBus } from "wagglebus/testing";
import { turn } from "../../../../lib/testing/manual-clock.ts";

/** What is published and subscribed to. */
export const type = "custom.call.wanted";
/** When the clock of a test bus begins. */
export const start = Date.UTC(2026, 0, 1);
export const nameOf = ({ data }: Event): string => Object(data).name;

export type Settings = Omit<Subscription, "name" | "on">;

/** A bus with one subscription; `starts` notes each attempt with the second in which it began. */
export async function limited(settings: Settings, handle: Handler = () => {}) {
  const bus = testBus();
  const starts: string[] = [];
  const handler: Handler = (event, context) => {
    starts.push(`${nameOf(event)} ${(bus.clock.now() - start) / 1_000}`);
    return handle(event, context);
  };
  const subscriber = await bus.subscribe({ name: "calls", on: type, ...settings }, handler);
  const publish = (name: string, key?: string, metadata = {}) =>
    bus.publish({ type, data: key === undefined ? { name } : { name, key }, metadata });
  return { bus, starts, subscriber, publish, handler };
}

/** Resolves when the clock of a bus has moved on by this much. */
export const lasting = (bus: TestBus, ms: number) => new Promise<void>((resolve) => bus.clock.setTimer(resolve, ms));

/** Moves the clock from timer to timer until nothing of the subscription is under way. */
export async function runOut(bus: TestBus): Promise<void> {
  for (;;) {
    await turn();
    const state = await bus.subscriptions.get("calls");
    if (state === undefined || state.waiting + state.delayed + state.running === 0) return;
    await bus.clock.advance(Math.max(0, (bus.clock.nextDue ?? bus.clock.now()) - bus.clock.now()));
  }
}
