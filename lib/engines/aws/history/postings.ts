import { createHash } from "node:crypto";
import * as z from "zod";
import { BusError } from "../../../error/bus-error.ts";
import { endKey, keyTime, longestSliceMs, timeKey } from "./keys.ts";
import { point, type Region, type Regions } from "./regions.ts";
import { type Item, keyOf, type Row, textField, textsField } from "./row.ts";
import type { Table } from "./table.ts";

/** Says where events with a value are: which ones, all of one slice; or that they may be anywhere between two times. */
export type Posting = { readonly keys: readonly string[] } | { readonly from: string; readonly to: string };

/**
 * The row of a posting, to be read newest first: no event that it speaks of comes after its sort key. The same posting has
 * the same key, another one never.
 */
export function postingRow(pk: string, posting: Posting, ttl: number): Row {
  if ("from" in posting) {
    return { pk, sk: `${posting.to}~${posting.from}`, ttl, fields: { from: { S: posting.from } } };
  }
  const newest = posting.keys.at(-1) ?? "";
  const hash = createHash("sha256").update(posting.keys.join("\n")).digest("base64url").slice(0, 8);
  return { pk, sk: `${newest}#${hash}`, ttl, fields: { keys: { L: posting.keys.map((S) => ({ S })) } } };
}

const schema = z.union([z.object({ keys: textsField }), z.object({ from: textField })]);

function regionsOf(item: Item): Region[] {
  const { pk, sk } = keyOf(item);
  const parsed = schema.safeParse(item);
  if (!parsed.success) {
    throw new BusError(
      "unavailable",
      `the row ${pk} ${sk} of the history table is not one that this version of Waggle wrote; delete it`,
      { cause: parsed.error, retryable: false },
    );
  }
  return "keys" in parsed.data ? parsed.data.keys.map(point) : [{ from: parsed.data.from, to: sk.slice(0, 13) }];
}

/** Rows read at first; each further page is twice as long. */
const pageSize = 32;

/** Reads where a value is, newest first, as far as it is asked. */
export class PostingRegions implements Regions {
  readonly #table: Table;
  readonly #pk: string;
  readonly #from: string;
  readonly #consistent: boolean;
  #pages: AsyncGenerator<Item[], void, void> | undefined;
  /** Read and not yet passed, the newest first. */
  #recentlySeen: Region[] = [];
  /** All that is not read yet lies before it. */
  #unread = endKey;
  #ended = false;

  constructor(table: Table, options: { pk: string; from: string; consistent: boolean }) {
    this.#table = table;
    this.#pk = options.pk;
    this.#from = options.from;
    this.#consistent = options.consistent;
  }

  async next(before: string): Promise<Region | undefined> {
    for (;;) {
      while (this.#recentlySeen[0] !== undefined && this.#recentlySeen[0].from >= before) this.#recentlySeen.shift();
      const first = this.#recentlySeen[0];
      if (first !== undefined && (this.#ended || first.to >= this.#unread || first.to >= before)) {
        return { from: first.from, to: first.to < before ? first.to : before };
      }
      if (this.#ended) return undefined;
      await this.#read(before);
    }
  }

  async #read(before: string): Promise<void> {
    // A row may speak of a whole slice, of which a part lies before.
    const reach = before === endKey ? endKey : timeKey(keyTime(before) + longestSliceMs + 1);
    if (this.#pages === undefined || (this.#unread !== endKey && reach < jumpFrom(this.#unread))) {
      if (reach < this.#unread) this.#unread = reach;
      this.#pages = this.#table.query({
        pk: this.#pk,
        from: this.#from,
        to: this.#unread,
        newestFirst: true,
        consistent: this.#consistent,
        pageSize,
      });
    }
    const page = await this.#pages.next();
    if (page.done === true) {
      this.#ended = true;
      return;
    }
    const last = page.value.at(-1);
    if (last !== undefined) this.#unread = keyOf(last).sk;
    this.#recentlySeen.push(...page.value.flatMap(regionsOf));
    this.#recentlySeen.sort((one, other) => (one.to < other.to ? 1 : one.to > other.to ? -1 : 0));
  }
}

/** How far the wanted key has to be below what comes next for a new request to be worth it. */
function jumpFrom(unread: string): string {
  return timeKey(keyTime(unread) - 4 * longestSliceMs);
}
