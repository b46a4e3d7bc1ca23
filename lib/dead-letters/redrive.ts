import type { DeadLetter } from "../engine/delivery.ts";
import type { Engine } from "../engine/engine.ts";
import { noDeadLetter, noSubscriptionFor } from "../engine/errors.ts";
import { type BusErrorCode, toBusError } from "../error/bus-error.ts";
import type { Catalog } from "../event/catalog.ts";
import type { Event } from "../event/event.ts";
import { prepareEvent } from "../event/prepare.ts";

/**
 * Queues a dead letter again for the subscription that it failed for, then deletes it: a crash between the two leaves it, and
 * a second redrive is harmless. One that was never published is published. `not_found`; `conflict` where its subscription
 * is gone, or it is on its way already.
 */
export async function redrive(engine: Engine, catalog: Catalog, id: string): Promise<void> {
  const deadLetter = await engine.deadLetters.get(id);
  if (deadLetter === undefined) throw noDeadLetter(id);
  if (deadLetter.subscription === undefined) await publishAgain(engine, catalog, deadLetter);
  else await enqueueAgain(engine, deadLetter, deadLetter.subscription);
  await engine.deadLetters.delete(id);
}

async function enqueueAgain(engine: Engine, { id, event }: DeadLetter, subscription: string): Promise<void> {
  const { deadLetters, deliveries } = engine;
  try {
    await deliveries.enqueue(subscription, [event], { redrivenFrom: id });
  } catch (thrown) {
    const error = toBusError(thrown);
    if (error.code !== "not_found") throw error;
    // Another redrive may have been first, and taken the dead letter with it.
    throw (await deadLetters.get(id)) === undefined ? noDeadLetter(id) : noSubscriptionFor(id, subscription);
  }
}

/** Its id makes a second try harmless. */
async function publishAgain({ log }: Engine, catalog: Catalog, { event, reason }: DeadLetter): Promise<void> {
  if (refusedByCatalog.has(reason.code)) checkAgain(event, catalog);
  const history = catalog.get(event.type)?.history !== false;
  await log.append({ event, ownId: true, history, inHandler: false });
}

/** Codes of events that another program has put on the bus, and that were found to be none of their type. */
const refusedByCatalog: ReadonlySet<string> = new Set(["invalid_event", "unknown_type"] satisfies BusErrorCode[]);

/** What is invalid still would become the same dead letter again, and that be deleted as redriven. Throws as `publish` does. */
function checkAgain(event: Event, catalog: Catalog): void {
  const { replay: _, ...metadata } = event.metadata;
  const nextId = () => event.id;
  prepareEvent({ ...event, metadata }, { catalog, nextId, source: undefined, now: Date.now, maxBytes: Infinity });
}
