import type { KnownSelector, KnownTypes } from "../subscription/known-types.ts";
import type { EventFor, EventOf, EventSelector, SelectorIn } from "../subscription/subscription.ts";
import type { Where } from "../subscription/where.ts";

/** One thing to wait for: a definition, a type name (`*` allowed), or one or several of them with a pattern. */
export type EventMatcher<
  On extends EventSelector | readonly EventSelector[] = EventSelector | readonly EventSelector[],
> =
  | (On & EventSelector)
  | {
      /** One selector or several; the event must match one of them. */
      readonly on: On;
      /** EventBridge pattern that the event must match. */
      readonly where?: Where<SelectorIn<On>>;
    };

/** The event that a matcher resolves to. */
export type EventOfMatcher<Matcher, Events = unknown> = Matcher extends { readonly on: unknown }
  ? EventOf<Matcher, Events>
  : EventFor<Matcher, Events>;

/** The events that a list of matchers resolves to, in its order. */
export type EventsOfMatchers<Matchers extends readonly EventMatcher[], Events = unknown> = {
  -readonly [Index in keyof Matchers]: EventOfMatcher<Matchers[Index], Events>;
};

/** Requires nothing if `Events` has a type for each name that is waited for; else a known one. */
export type KnownMatcher<On, Events> = KnownSelector<SelectorIn<On>, Events> | KnownTypes<On, Events>;

/** A list of matchers in which each `where` fits its `on`, and `Events` has the types. */
export type Fitting<Matchers extends readonly EventMatcher[], Events = unknown> = {
  readonly [Index in keyof Matchers]: Matchers[Index] &
    (Matchers[Index] extends { readonly on: infer On }
      ? { readonly on: On; readonly where?: Where<SelectorIn<On>> } & KnownTypes<On, Events>
      : KnownSelector<Matchers[Index], Events>);
};

/** What may be waited for: one event, the first of several, all of them, or a number of events. */
export type EventMatchers =
  | EventMatcher
  | {
      /** Resolves with the first event that matches one of these. */
      any: readonly EventMatcher[];
    }
  | {
      /** Resolves with one event for each of these, in their order. */
      all: readonly EventMatcher[];
    }
  | {
      /** How many events: an integer from 1. */
      count: number;
      /** Each event must match one of these. */
      of: readonly EventMatcher[];
    };
