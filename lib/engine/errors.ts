import { BusError } from "../error/bus-error.ts";
import { shortForm } from "../error/short-form.ts";
import type { Event } from "../event/event.ts";
import { didYouMean } from "../event/nearest.ts";

// Errors that every engine words the same.

/** An id is stored with other content. */
export function idConflict(event: Event): BusError {
  return new BusError(
    "conflict",
    `${event.type}: the id ${event.id} is already stored with different content; use another \`id\`, or publish the same content`,
    { details: { id: event.id, type: event.type } },
  );
}

/** Nothing is recorded under an id whose position is asked for. */
export function noRecordedEvent(id: string): BusError {
  return new BusError(
    "not_found",
    `event ${id} is not in history: it was never recorded, or its retention has ended; use a time instead`,
  );
}

/** There is no such dead letter. */
export function noDeadLetter(id: string): BusError {
  return new BusError("not_found", `there is no dead letter ${id}; it was redriven or discarded, or never existed`);
}

/** There is no such subscription. */
export function noSubscription(name: string): BusError {
  return new BusError("not_found", `there is no subscription ${name}; it was deleted, or never existed`);
}

/** The same where the names of all subscriptions are known. */
export function noSubscriptionAmong(names: readonly string[], name: string): BusError {
  const known = names.length === 0 ? "there are none" : `the subscriptions are ${names.join(", ")}`;
  return new BusError("not_found", `there is no subscription ${name}${didYouMean(name, names, known)}`, {
    details: { subscription: name },
  });
}

/** A redriven delivery has not ended yet. */
export function alreadyUnderWay(eventId: string, subscription: string): BusError {
  return new BusError("conflict", `event ${eventId} is on its way to ${subscription} already; wait until it has ended`);
}

/** A dead letter has no subscription to go to: its own was deleted, or it was never published. */
export function noSubscriptionFor(id: string, subscription: string | undefined): BusError {
  return new BusError(
    "conflict",
    subscription === undefined
      ? `dead letter ${id} was never published, so it failed in no subscription; publish its event again`
      : `dead letter ${id} failed in subscription ${subscription}, which was deleted; subscribe it again, then redrive`,
  );
}

/** A cursor that this engine did not give out, or gave for another order. */
export function unknownCursor(cursor: string): BusError {
  return new BusError(
    "invalid_config",
    `cursor ${shortForm(cursor)} is not a cursor of this bus; use the \`cursor\` of the previous page`,
  );
}

/** The bus takes nothing more. */
export function busClosed(): BusError {
  return new BusError("closed", "the bus is closed; connect again");
}
