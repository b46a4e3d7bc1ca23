import { createHash } from "node:crypto";
import { BusError } from "../error/bus-error.ts";
import { shortForm } from "../error/short-form.ts";

/** What may be another value for each page. */
const mayDiffer: ReadonlySet<string> = new Set(["limit", "cursor", "since", "until", "happenedSince", "happenedUntil"]);
const digestLength = 8;
const cursorForm = /^([\w-]{8})\.(.+)$/s;

/**
 * Binds the cursors of an engine to the query that they belong to: with another query, a cursor would leave events out in
 * silence, on every engine alike. Its times may differ: "an hour ago" is another time for each page.
 */
export class QueryCursor {
  readonly #digest: string;

  /** `call` is the one that gives and takes the cursors. */
  constructor(call: string, query: object) {
    const fields = Object.entries({ order: "newest", ...query }).filter(([name]) => !mayDiffer.has(name));
    const sorted = fields.sort(([one], [other]) => (one < other ? -1 : 1));
    const text = JSON.stringify([call, sorted]);
    this.#digest = createHash("sha256").update(text).digest("base64url").slice(0, digestLength);
  }

  /** The cursor for the caller. */
  encode(cursor: string): string {
    return `${this.#digest}.${cursor}`;
  }

  /** The engine's cursor. `invalid_config` for one of another query, or of another bus. */
  decode(cursor: string): string {
    const [, digest, own] = cursorForm.exec(cursor) ?? [];
    if (own !== undefined && digest === this.#digest) return own;
    const problem =
      own === undefined ? "is not a cursor of this bus" : "belongs to another query, or to another order of it";
    throw new BusError(
      "invalid_config",
      `cursor ${shortForm(cursor)} ${problem}; use the \`cursor\` of the previous page, with the same filters`,
    );
  }
}
