import type { DeadLetter } from "../engine/delivery.ts";
import type { Engine } from "../engine/engine.ts";
import type { RecordedEvent } from "../engine/event-log.ts";
import type { OpenDelivery } from "../engine/transfer.ts";
import { BusError } from "../error/bus-error.ts";
import type { SubscriptionRecord } from "../subscription/subscription.ts";

/** Items of a page. */
const pageSize = { events: 500, deliveries: 2_000, deadLetters: 200 } as const;

/** History, oldest first, from after an event or from the beginning. */
export async function* recordedEvents({ log }: Engine, afterId?: string): AsyncGenerator<readonly RecordedEvent[]> {
  let position = await log.position(afterId === undefined ? { time: 0 } : { eventId: afterId });
  for (;;) {
    const read = await log.readAfter(position, pageSize.events);
    if (read.events.length > 0) yield read.events;
    if (read.position === position || (read.atEnd === true && read.events.length === 0)) return;
    position = read.position;
  }
}

/** The subscriptions with a name. `conflict` where one is still being given what history holds. */
export async function namedSubscriptions({ subscriptions }: Engine): Promise<SubscriptionRecord[]> {
  const states = (await subscriptions.list()).filter(({ ephemeral }) => !ephemeral);
  const filling = states.find(({ backfilling }) => backfilling);
  if (filling === undefined) return states.map(({ record }) => record);
  throw new BusError(
    "conflict",
    `subscription ${filling.record.name} is still being given what history holds; have its subscriber run until that is done`,
  );
}

/** The ids of all dead letters, in the order in which they died. */
export async function deadLetterIds({ deadLetters }: Engine): Promise<string[]> {
  const ids: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await deadLetters.list(
      {},
      { limit: pageSize.deadLetters, ...(cursor === undefined ? {} : { cursor }) },
    );
    ids.push(...page.deadLetters.map(({ id }) => id));
    cursor = page.cursor;
  } while (cursor !== undefined);
  return ids.reverse();
}

/** Dead letters, in the order in which they died. */
export async function* allDeadLetters(engine: Engine): AsyncGenerator<DeadLetter> {
  for (const id of await deadLetterIds(engine)) {
    const deadLetter = await engine.deadLetters.get(id);
    if (deadLetter !== undefined) yield deadLetter;
  }
}

/** What is still to be delivered, in order of acceptance. */
export async function* openDeliveries({ transfer }: Engine): AsyncGenerator<readonly OpenDelivery[]> {
  let cursor: string | undefined;
  while (transfer !== undefined) {
    const page = await transfer.openDeliveries(pageSize.deliveries, cursor);
    if (page.deliveries.length > 0) yield page.deliveries;
    if (page.cursor === undefined) return;
    cursor = page.cursor;
  }
}
