import type { DeadLetter } from "../engine/delivery.ts";
import type { Engine } from "../engine/engine.ts";
import { noDeadLetter } from "../engine/errors.ts";
import type { DeadLetterPage, DeadLetterQuery, PageOptions } from "../engine/queries.ts";
import { messageOf } from "../error/message-of.ts";
import type { Catalog } from "../event/catalog.ts";
import { parseId } from "../runtime/call-fields.ts";
import { QueryCursor } from "../runtime/query-cursor.ts";
import { checkDeadLetterQuery, checkWhich } from "./check-query.ts";
import { eachDeadLetter } from "./each-dead-letter.ts";
import { redrive } from "./redrive.ts";

/** What a redrive or a discard did to each dead letter. */
export interface DeadLetterReport {
  /** Ids of the dead letters that were redriven or discarded. */
  done: string[];
  /** The others, which stay as they were. */
  failed: {
    /** The id of the dead letter. */
    id: string;
    /** Why it failed. */
    message: string;
  }[];
}

/** Deliveries out of attempts, and events that could not be published. */
export interface DeadLetters {
  /**
   * Returns a page of the dead letters that match, newest first. Rejects with `invalid_config`, also for a cursor of another
   * query.
   */
  list(query?: DeadLetterQuery & PageOptions): Promise<DeadLetterPage>;
  /** Returns one dead letter; `undefined` if there is none with this id. */
  get(id: string): Promise<DeadLetter | undefined>;
  /**
   * Delivers one, several or all matching dead letters again, to the subscription that failed and no other, with new
   * attempts. One that cannot be redriven is in `failed` and harms no other. Rejects with `invalid_config` for a wrong query.
   */
  redrive(which: string | readonly string[] | DeadLetterQuery): Promise<DeadLetterReport>;
  /** Deletes one, several or all matching dead letters for good. Rejects with `invalid_config` for a wrong query. */
  discard(which: string | readonly string[] | DeadLetterQuery): Promise<DeadLetterReport>;
}

type Checked = ReturnType<typeof checkWhich>;

/** The dead letters of a bus. `open` throws once it is closed. */
export function createDeadLetters(open: () => Engine, catalog: Catalog): DeadLetters {
  return {
    list: async (query = {}) => {
      const given = checkDeadLetterQuery(query);
      const cursors = new QueryCursor("deadLetters.list", given);
      const { limit, cursor, ...filter } = given;
      const { deadLetters, ...next } = await open().deadLetters.list(filter, {
        ...(limit === undefined ? {} : { limit }),
        ...(cursor === undefined ? {} : { cursor: cursors.decode(cursor) }),
      });
      return { deadLetters, ...(next.cursor === undefined ? {} : { cursor: cursors.encode(next.cursor) }) };
    },
    get: async (id) => open().deadLetters.get(parseId("deadLetters.get", "the id", id)),
    redrive: async (which) => each(open(), checkWhich("redrive", which), (id) => redrive(open(), catalog, id)),
    discard: async (which) =>
      each(open(), checkWhich("discard", which), async (id) => {
        if (!(await open().deadLetters.delete(id))) throw noDeadLetter(id);
      }),
  };
}

/** Does each by itself: one that cannot be done harms no other. */
async function each(engine: Engine, which: Checked, act: (id: string) => Promise<void>): Promise<DeadLetterReport> {
  const report: DeadLetterReport = { done: [], failed: [] };
  for (const id of await idsOf(engine, which)) {
    try {
      await act(id);
      report.done.push(id);
    } catch (thrown) {
      report.failed.push({ id, message: messageOf(thrown) });
    }
  }
  return report;
}

/** All ids first: a redriven one that dies again while the others are redriven must not be met a second time. */
async function idsOf(engine: Engine, which: Checked): Promise<readonly string[]> {
  // A copy: the caller may change its list while the first is redriven.
  if ("ids" in which) return [...which.ids];
  const ids: string[] = [];
  for await (const { id } of eachDeadLetter(engine.deadLetters, which.query)) ids.push(id);
  return ids;
}
