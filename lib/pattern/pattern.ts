/** What a pattern accepts as the value of a field: a value, or an expression. */
export type PatternValue =
  | string
  | number
  | boolean
  | null
  | { readonly exactly: string }
  | { readonly prefix: string | { readonly "equals-ignore-case": string } }
  | { readonly suffix: string | { readonly "equals-ignore-case": string } }
  | { readonly "equals-ignore-case": string }
  | { readonly wildcard: string }
  | { readonly numeric: readonly (string | number)[] }
  | { readonly cidr: string }
  | { readonly exists: boolean }
  | {
      readonly "anything-but":
        | string
        | number
        | readonly string[]
        | readonly number[]
        | { readonly prefix: string | readonly string[] }
        | { readonly suffix: string | readonly string[] }
        | { readonly wildcard: string | readonly string[] }
        | { readonly "equals-ignore-case": string | readonly string[] };
    };

/** The values that a field may have, a deeper level of fields, or (at `$or`) the alternatives. */
export type PatternNode = readonly PatternValue[] | readonly Pattern[] | Pattern;

/**
 * An event pattern in EventBridge's language, such as `{ source: ["crew"], data: { kind: [{ prefix: "doc" }] } }`. Every
 * field must have one of its listed values; `$or` lists alternatives.
 */
export interface Pattern {
  readonly [field: string]: PatternNode;
}
