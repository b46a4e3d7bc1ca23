import { deadLetterOfUnpublished } from "../delivery/dead-letter.ts";
import type { DeadLetter } from "../engine/delivery.ts";
import type { Engine } from "../engine/engine.ts";
import type { Entry } from "../engine/event-log.ts";
import type { BusError } from "../error/bus-error.ts";
import { formatTime } from "../event/time.ts";
import type { Clock } from "../runtime/clock.ts";

/** What keeps events that middleware sets aside works with. */
export interface SetAsideDependencies {
  readonly engine: Pick<Engine, "deadLetters">;
  readonly clock: Clock;
  readonly nextId: () => string;
}

/** Keeps an event that middleware does not publish as a dead letter. */
export function setAside({ engine, clock, nextId }: SetAsideDependencies) {
  return async ({ event }: Entry, { code, message }: BusError): Promise<DeadLetter> => {
    const now = clock.now();
    const reason = { code, message, at: formatTime(now), attempt: 0 };
    const deadLetter = deadLetterOfUnpublished(event, reason, { id: nextId(), acceptedAt: now, deadAt: now });
    await engine.deadLetters.put(deadLetter);
    return deadLetter;
  };
}
