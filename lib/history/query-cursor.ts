import { createHash } from "node:crypto";
import type { HistoryPageOptions, HistoryQuery } from "../engine/queries.ts";
import { BusError } from "../error/bus-error.ts";
import { shortForm } from "../error/short-form.ts";

const digestLength = 8;
const cursorForm = /^([\w-]{8})\.(.+)$/s;

/**
 * Binds the cursors of an engine to the query that they belong to: with another query, a cursor would leave events out in
 * silence, on every engine alike. Its times may differ: "an hour ago" is another time for each page.
 */
export class QueryCursor {
  readonly #digest: string;

  constructor({
    limit: _limit,
    cursor: _cursor,
    since: _since,
    until: _until,
    happenedSince: _happenedSince,
    happenedUntil: _happenedUntil,
    ...query
  }: HistoryQuery & HistoryPageOptions) {
    const fields = Object.entries({ order: "newest", ...query }).sort(([one], [other]) => (one < other ? -1 : 1));
    this.#digest = createHash("sha256").update(JSON.stringify(fields)).digest("base64url").slice(0, digestLength);
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
