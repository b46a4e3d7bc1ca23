/** The header by which Waggle knows its own records: words that say what their value does not. */
export const markHeader = "waggle";

/** What only the publisher of an event knows. */
export interface Mark {
  /** Whether a caller gave the id. */
  readonly ownId: boolean;
  /** Whether history keeps the event. */
  readonly history: boolean;
  /** By which the publisher is told what became of the record, where it waits for that. */
  readonly token: string | undefined;
}

/** The text of a mark. */
export function writeMark({ history, ownId, token }: Mark): string {
  if (token === undefined && history) return ownId ? "own" : "generated";
  return [ownId ? "own" : "generated", history ? "kept" : "transient", ...(token === undefined ? [] : [token])].join(
    " ",
  );
}

/** The mark of a record of Waggle; `undefined` for one that has none. */
export function readMark(text: string | undefined): Mark | undefined {
  if (text === undefined) return undefined;
  const [origin, kept, token] = text.split(" ");
  return { ownId: origin !== "generated", history: kept !== "transient", token };
}
