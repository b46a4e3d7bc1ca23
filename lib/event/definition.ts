import type * as z from "zod";

/** How an older version of a type's data becomes the next one. */
export interface OlderVersion {
  version: number;
  data: z.ZodType;
  /** Gives the data of the next higher version that is defined. */
  upcast: (data: never) => unknown;
}

declare const dataType: unique symbol;

/**
 * The schema and version behind a type. `Data` is the schema's input: an event carries what was published, unchanged.
 * The schema's own type is left out on purpose: with 100 definitions it triples the declarations.
 */
export interface EventDefinition<Type extends string = string, Data = unknown> {
  readonly type: Type;
  readonly version: number;
  readonly description: string;
  /** Whether its events are kept in history; `false` for high-rate deltas. */
  readonly history: boolean;
  readonly schema: z.ZodType;
  readonly older: readonly OlderVersion[];
  /** Carries `Data` for inference; no value at run time. */
  readonly [dataType]?: Data;
}
