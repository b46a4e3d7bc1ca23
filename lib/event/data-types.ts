/** A value whose fields and elements are readonly, at any depth: the data of an event is frozen. */
export type DeepReadonly<Value> = Value extends readonly (infer Element)[]
  ? number extends Value["length"]
    ? readonly DeepReadonly<Element>[]
    : { readonly [Index in keyof Value]: DeepReadonly<Value[Index]> }
  : Value extends object
    ? { readonly [Name in keyof Value]: DeepReadonly<Value[Name]> }
    : Value;

/** The names that a type declares, without index signatures (of loose objects). */
export type DeclaredName<Value> = keyof {
  [Name in keyof Value as string extends Name ? never : number extends Name ? never : Name]: true;
};

/**
 * Data as it is published: of loose objects only the fields that they declare, so that the compiler finds a misspelt field in
 * a literal. A value that is not a literal may have more, and what it has is published.
 */
export type PublishData<Data> = Data extends readonly (infer Element)[]
  ? number extends Data["length"]
    ? readonly PublishData<Element>[]
    : { readonly [Index in keyof Data]: PublishData<Data[Index]> }
  : Data extends object
    ? IsLoose<Data> extends true
      ? {
          [Name in keyof Data as string extends Name ? never : number extends Name ? never : Name]: PublishData<
            Data[Name]
          >;
        }
      : { [Name in keyof Data]: PublishData<Data[Name]> }
    : Data;

/** Whether an object declares fields and may have any others. One that declares none is a map, or is open on purpose. */
type IsLoose<Data> = [DeclaredName<Data>] extends [never]
  ? false
  : string extends keyof Data
    ? unknown extends Data[string & keyof Data]
      ? true
      : false
    : false;

declare const anyType: unique symbol;

/** Marks the events of an open catalog, in which a type needs no definition. */
export interface OpenEvents {
  /** Has no value at run time. */
  readonly [anyType]?: unknown;
}

/** A type that can be published: one that `Events` knows, any of `custom.*`, and in an open catalog any. */
export type TypeName<Events> = typeof anyType extends keyof Events
  ? string
  : (keyof Events & string) | `custom.${string}`;

/** The data of a type: what `Events` knows, or unknown. */
export type DataOfType<Type, Events> = Type extends keyof Events ? Events[Type] : unknown;
