import type { EventDefinition } from "../event/definition.ts";
import type { EventMetadata } from "../event/event.ts";
import type { Pattern, PatternNode, PatternValue } from "../pattern/index.ts";

type Scalar = string | number | boolean | null;

/** A condition of `where` on a field of type `Value`: a value of that type, or an expression that applies to it. */
export type WhereValue<Value> =
  | Extract<Value, Scalar>
  | Extract<PatternValue, { exists: boolean }>
  | {
      /** A value that is none of these. */
      readonly "anything-but": AnythingBut<Value>;
    }
  | ([Extract<Value, string>] extends [never] ? never : TextExpression)
  | ([Extract<Value, number>] extends [never] ? never : Extract<PatternValue, { numeric: unknown }>);

type TextExpression = Extract<
  PatternValue,
  | { exactly: unknown }
  | { prefix: unknown }
  | { suffix: unknown }
  | { "equals-ignore-case": unknown }
  | { wildcard: unknown }
  | { cidr: unknown }
>;

type AnythingBut<Value> =
  | Extract<Value, string | number>
  | readonly Extract<Value, string | number>[]
  | ([Extract<Value, string>] extends [never]
      ? never
      : Extract<AnythingButOf<PatternValue>, { [name: string]: unknown }>);

type AnythingButOf<Value> = Value extends { "anything-but": infer But } ? But : never;

/** The declared field names of a type, without index signatures (of loose objects); of a union, those of any member. */
type KnownNames<Type> = Type extends unknown
  ? keyof { [Name in keyof Type as string extends Name ? never : number extends Name ? never : Name]: true }
  : never;

type FieldOf<Type, Name extends PropertyKey> = Type extends unknown
  ? Name extends KnownNames<Type>
    ? Name extends keyof Type
      ? Type[Name]
      : never
    : never
  : never;

/** The values that a pattern tests in a field: the elements of an array, or the value itself. */
type Elements<Value> = Value extends readonly (infer Element)[] ? Elements<Element> : Value;

type WhereField<Value> = unknown extends Value
  ? PatternNode
  : [Extract<Value, object>] extends [never]
    ? readonly WhereValue<Value>[]
    : readonly WhereValue<Value>[] | WhereFields<Extract<Value, object>>;

/** A pattern over an object with known fields, or any pattern over an object without them. */
export type WhereFields<Type> = [KnownNames<Type>] extends [never]
  ? Pattern
  : { readonly [Name in KnownNames<Type>]?: WhereField<Elements<FieldOf<Type, Name>>> } & {
      /** At least one of these must match, in addition to all other fields. */
      readonly $or?: readonly WhereFields<Type>[];
    };

/** An EventBridge pattern over an event, without its type. */
export interface WhereEvent<Data> {
  /** Conditions on the data, as it was published. */
  readonly data?: WhereFields<Data>;
  /** Conditions on the metadata. */
  readonly metadata?: WhereFields<EventMetadata>;
  /** Conditions on who published the event. */
  readonly source?: readonly WhereValue<string>[];
  /** Conditions on its id. */
  readonly id?: readonly WhereValue<string>[];
  /** Conditions on when it happened, as text: RFC 3339, UTC. */
  readonly time?: readonly WhereValue<string>[];
  /** At least one of these must match, in addition to all other fields. */
  readonly $or?: readonly WhereEvent<Data>[];
}

/** The type of `where`: typed by the data if all selectors are definitions, else with any fields. */
export type Where<Selector> = [Extract<Selector, string>] extends [never]
  ? WhereEvent<Selector extends EventDefinition<string, infer Data> ? Data : never>
  : WhereEvent<unknown>;
