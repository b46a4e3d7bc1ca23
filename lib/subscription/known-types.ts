import type { TypeName } from "../event/data-types.ts";
import type { EventSelector, SelectorIn } from "./subscription.ts";

/** The type names that a name with `*` matches, as a template. */
type Matching<Name extends string> = Name extends `${infer Before}*${infer After}`
  ? `${Before}${string}${Matching<After>}`
  : Name;

/** Whether a name with `*` may match a `custom.*` type: what precedes the star begins alike. */
type MayBeCustom<Before extends string> = "custom." extends `${Before}${string}`
  ? true
  : Before extends `custom.${string}`
    ? true
    : false;

/** The selector if no type of `Events` matches it, else `never`. A name that is known at run time alone may be any. */
export type UnknownName<Selector, Events> = Selector extends string
  ? Record<never, 1> extends Record<Selector, 1>
    ? never
    : Selector extends TypeName<Events>
      ? never
      : Selector extends `${infer Before}*${string}`
        ? MayBeCustom<Before> extends true
          ? never
          : [Extract<TypeName<Events>, Matching<Selector>>] extends [never]
            ? Selector
            : never
        : Selector
  : never;

/** What `on` may be instead, for the message of the compiler. */
type Known<Events> = Exclude<EventSelector, string> | TypeName<Events> | "*";

/** Requires nothing if `Events` has a type for each name in `on`; else a known one, so that the compiler finds a misspelt type. */
export type KnownTypes<On, Events> = [UnknownName<SelectorIn<On>, Events>] extends [never]
  ? unknown
  : { readonly on: Known<Events> | readonly Known<Events>[] };

/** The same for a selector that stands for itself. */
export type KnownSelector<Selector, Events> = [UnknownName<Selector, Events>] extends [never] ? unknown : Known<Events>;
