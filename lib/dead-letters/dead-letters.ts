import type { DeadLetters } from "../bus/bus.ts";
import type { DeadLetter } from "../engine/delivery.ts";
import type { Engine } from "../engine/engine.ts";
import { noDeadLetter } from "../engine/errors.ts";
import type { DeadLetterQuery, DeadLetterReport } from "../engine/queries.ts";
import type { BusErrorCode } from "../error/bus-error.ts";
import { messageOf } from "../error/message-of.ts";
import type { Catalog } from "../event/catalog.ts";
import type { Event } from "../event/event.ts";
import { prepareEvent } from "../event/prepare.ts";
import { checkDeadLetterQuery } from "./check-query.ts";

/** Dead letters read at a time, the most that an engine gives. */
const pageSize = 1_000;

/** All dead letters that a query selects, newest first. */
export async function* eachDeadLetter(engine: Engine, query: DeadLetterQuery): AsyncGenerator<DeadLetter, void, void> {
  let cursor: string | undefined;
  do {
    const page = await engine.listDeadLetters(query, { limit: pageSize, ...(cursor === undefined ? {} : { cursor }) });
    yield* page.deadLetters;
    cursor = page.cursor;
  } while (cursor !== undefined);
}

/** The dead letters of a bus. `open` throws once it is closed. */
export function createDeadLetters(open: () => Engine, catalog: Catalog): DeadLetters {
  return {
    list: async (query = {}) => {
      checkDeadLetterQuery(query);
      const { limit, cursor, ...filter } = query;
      return open().listDeadLetters(filter, {
        ...(limit === undefined ? {} : { limit }),
        ...(cursor === undefined ? {} : { cursor }),
      });
    },
    get: async (id) => open().getDeadLetter(id),
    redrive: async (which) => each(open(), which, (id) => redrive(open(), catalog, id)),
    discard: async (which) =>
      each(open(), which, async (id) => {
        if (!(await open().discardDeadLetter(id))) throw noDeadLetter(id);
      }),
  };
}

/** Does each by itself: one that cannot be done harms no other. */
async function each(
  engine: Engine,
  which: string | readonly string[] | DeadLetterQuery,
  act: (id: string) => Promise<void>,
): Promise<DeadLetterReport> {
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
async function idsOf(engine: Engine, which: string | readonly string[] | DeadLetterQuery): Promise<readonly string[]> {
  if (typeof which === "string") return [which];
  if (isList(which)) return which;
  checkDeadLetterQuery(which);
  const ids: string[] = [];
  for await (const { id } of eachDeadLetter(engine, which)) ids.push(id);
  return ids;
}

function isList(which: readonly string[] | DeadLetterQuery): which is readonly string[] {
  return Array.isArray(which);
}

async function redrive(engine: Engine, catalog: Catalog, id: string): Promise<void> {
  const letter = await engine.getDeadLetter(id);
  if (letter === undefined) throw noDeadLetter(id);
  if (letter.subscription !== undefined) return engine.redriveDeadLetter(id);
  // It was never published. Its id makes a second try harmless, so it is removed only afterwards.
  if (refusedByCatalog.has(letter.reason.code)) checkAgain(letter.event, catalog);
  const history = catalog.get(letter.event.type)?.history !== false;
  await engine.publish({ event: letter.event, ownId: true, history, inHandler: false });
  await engine.discardDeadLetter(id);
}

/** Codes of events that another program has put on the bus, and that were found to be none of their type. */
const refusedByCatalog: ReadonlySet<string> = new Set(["invalid_event", "unknown_type"] satisfies BusErrorCode[]);

/** What is invalid still would become the same dead letter again, and that be removed as redriven. Throws as `publish` does. */
function checkAgain(event: Event, catalog: Catalog): void {
  const { replay: _, ...metadata } = event.metadata;
  const nextId = () => event.id;
  prepareEvent({ ...event, metadata }, { catalog, nextId, source: undefined, now: Date.now, maxBytes: Infinity });
}
