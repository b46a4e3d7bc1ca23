import type { EventFor, EventOf, Wanted, WantedIn } from "../subscription/subscription.ts";
import type { Where } from "../subscription/where.ts";

/** One thing to wait for: a definition, a type name (`*` allowed), or one or several of them with a pattern. */
export type EventMatcher<On extends Wanted | readonly Wanted[] = Wanted | readonly Wanted[]> =
  | (On & Wanted)
  | { readonly on: On; readonly where?: Where<WantedIn<On>> };

/** The event that a want resolves to. */
export type EventOfMatcher<W, Events = unknown> = W extends { readonly on: unknown }
  ? EventOf<W, Events>
  : EventFor<W, Events>;

/** The events that a list of wants resolves to, in its order. */
export type EventsOfMatchers<Wants extends readonly EventMatcher[], Events = unknown> = {
  -readonly [Index in keyof Wants]: EventOfMatcher<Wants[Index], Events>;
};

/** A list of wants in which each `where` fits its `on`. */
export type Fitting<Wants extends readonly EventMatcher[]> = {
  readonly [Index in keyof Wants]: Wants[Index] &
    (Wants[Index] extends { readonly on: infer On }
      ? { readonly on: On; readonly where?: Where<WantedIn<On>> }
      : unknown);
};
