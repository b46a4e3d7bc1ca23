import type { StandardEvents } from "../catalog/index.ts";

/**
 * The events of your platform, for `getBus()` and for a handler's `bus`. Augment it once:
 * `declare module "wagglebus" { interface Register { events: MyEvents } }`.
 */
// biome-ignore lint/suspicious/noEmptyInterface: it is there to be augmented
export interface Register {}

/** What {@link Register} names, or the standard catalog. */
export type RegisteredEvents = Register extends { events: infer Events } ? Events : StandardEvents;
