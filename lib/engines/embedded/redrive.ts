import { noDeadLetter, noSubscriptionFor } from "../../bus/engine-errors.ts";
import { BusError } from "../../error/bus-error.ts";
import type { Event } from "../../event/event.ts";
import type { DeadLetterTable } from "./dead-letters.ts";
import type { Dispatch } from "./dispatch.ts";
import type { Events, StoredEvent } from "./events.ts";
import type { Queue } from "./queue.ts";
import type { Registry } from "./registry.ts";

export interface RedriveHost {
  readonly registry: Registry;
  readonly queue: Queue;
  readonly events: Events;
  readonly dispatch: Dispatch;
  readonly deadLetters: DeadLetterTable;
  now(): number;
}

/** Queues a dead letter again for its subscription and removes it, within a transaction. `not_found`, `conflict`. */
export function redrive(host: RedriveHost, id: string): void {
  const { deadLetters, dispatch, queue, registry } = host;
  const letter = deadLetters.get(id);
  if (letter === undefined) throw noDeadLetter(id);
  const { subscription } = letter;
  const sub = subscription === undefined ? undefined : registry.byName(subscription);
  if (sub === undefined) throw noSubscriptionFor(id, subscription);
  const replay = deadLetters.replayOf(id);
  const original = replay === 0 ? letter.event : unmarked(letter.event);
  const { seq, history } = stored(host, original, Date.parse(letter.acceptedAt));
  const key = { sub, priority: letter.event.metadata.priority, seq, replay };
  if (queue.find(key) !== undefined) {
    throw new BusError(
      "conflict",
      `dead letter ${id}: event ${letter.event.id} is on its way to ${sub.record.name} already`,
    );
  }
  const arrival = { event: letter.event, seq, accepted: Date.parse(letter.acceptedAt), transient: !history };
  dispatch.again(sub, arrival, { replay, now: host.now(), redriven: true });
  deadLetters.delete(id);
}

/** The event as it is stored; where history has forgotten it, it is stored again from the letter until it is delivered. */
function stored({ events }: RedriveHost, event: Event, accepted: number): Pick<StoredEvent, "seq" | "history"> {
  const known = events.byId(event.id);
  if (known !== undefined) {
    if (!known.history) events.holdTransient(known.seq);
    return known;
  }
  return { seq: events.insertTransient(event, JSON.stringify(event), accepted, 1), history: false };
}

function unmarked(event: Event): Event {
  const { replay: _, ...metadata } = event.metadata;
  return { ...event, metadata };
}
