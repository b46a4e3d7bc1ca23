/** What a pattern accepts as the value of a field: a value, or an expression. */
export type PatternValue =
  | string
  | number
  | boolean
  | null
  | {
      /** This string. */
      readonly exactly: string;
    }
  | {
      /** A string that begins with this one. */
      readonly prefix:
        | string
        | {
            /** Compared without regard to case. */
            readonly "equals-ignore-case": string;
          };
    }
  | {
      /** A string that ends with this one. */
      readonly suffix:
        | string
        | {
            /** Compared without regard to case. */
            readonly "equals-ignore-case": string;
          };
    }
  | {
      /** This string, without regard to case. */
      readonly "equals-ignore-case": string;
    }
  | {
      /** A string that this one matches, in which `*` is any run of characters. */
      readonly wildcard: string;
    }
  | {
      /** A number in a range, such as `[">=", 3]` or `[">", 0, "<=", 5]`, or equal to one: `["=", 3]`. */
      readonly numeric: readonly (string | number)[];
    }
  | {
      /** An IP address in this block, such as `"10.0.0.0/24"`. */
      readonly cidr: string;
    }
  | {
      /** Whether the field is there. */
      readonly exists: boolean;
    }
  | {
      /** A value that is none of these. */
      readonly "anything-but":
        | string
        | number
        | readonly string[]
        | readonly number[]
        | {
            /** A string that begins with none of these. */
            readonly prefix: string | readonly string[];
          }
        | {
            /** A string that ends with none of these. */
            readonly suffix: string | readonly string[];
          }
        | {
            /** A string that matches none of these, in which `*` is any run of characters. */
            readonly wildcard: string | readonly string[];
          }
        | {
            /** A string that is none of these, without regard to case. */
            readonly "equals-ignore-case": string | readonly string[];
          };
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
