import type { BusConfig } from "../../../aws-shared/index.ts";
import { BusError } from "../../../error/bus-error.ts";
import { formatTime } from "../../../event/time.ts";
import type { AwsDependencies, Clients, DeadLetterStore, DeliveryStore } from "../dependencies.ts";
import { open } from "./claim-message.ts";
import { deadLetter, lastFailure } from "./dead-letter.ts";
import { deliveryKey } from "./keys.ts";
import { Locks } from "./locks.ts";
import { readMessage } from "./read-message.ts";
import { Rows } from "./rows.ts";
import { settle } from "./settle-message.ts";
import { Table } from "./table.ts";

/** What the deliveries need of the engine. */
export interface DeliveriesDependencies extends Pick<AwsDependencies, "catalog" | "clock" | "nextId"> {
  readonly config: Pick<BusConfig, "deliveriesTable">;
  readonly clients: Pick<Clients, "dynamo">;
}

/** Milliseconds for which a delivery that its queue gave up is known to be dead: the default of `dedupeFor`. */
const rememberMs = 15 * 86_400_000;

/**
 * The deliveries of a bus in its table: who may run each, how often it was tried, and whether it succeeded. `rows.ts` draws
 * how one goes from state to state. All methods reject with BusError: `unavailable`, `throttled`; `not_found` where the
 * table is missing.
 */
export function createDeliveries(
  parts: DeliveriesDependencies,
  deadLetters: Pick<DeadLetterStore, "put">,
): DeliveryStore {
  const { config, clients, catalog, clock, nextId } = parts;
  const now = () => clock.now();
  const table = new Table(clients.dynamo, config.deliveriesTable);
  const rows = new Rows(table, now);
  const host = { rows, locks: new Locks(table, rows, now), deadLetters, catalog, now, nextId };

  return {
    open: (message, record, { leaseMs }) => open(host, message, record, leaseMs),

    renew: async ({ subscription, event, claim }, leaseMs) => {
      const { ok } = await rows.renew(deliveryKey(subscription, event), { id: claim, leaseUntil: now() + leaseMs });
      return ok;
    },

    settle: (delivery, record, outcome) => settle(host, delivery, record, outcome),

    giveUp: async (message, subscription, { code, message: why }) => {
      const read = readMessage(message, catalog, now());
      if (!read.ok) {
        await deadLetters.put(read.letter);
        return read.letter;
      }
      const { event, acceptedAt } = read;
      const pk = deliveryKey(subscription, event);
      const row = await rows.get(pk);
      if (row?.state === "done" || row?.state === "dead") return undefined;
      if (row?.leaseUntil !== undefined && row.leaseUntil > now()) throw stillRuns(subscription, event.id);
      const reason = { code, message: why, at: formatTime(now()), attempt: row?.attempts ?? 0 };
      const failure = row === undefined ? undefined : lastFailure(subscription, row, now());
      const died = {
        pk,
        subscription,
        event,
        acceptedAt,
        from: row,
        redrivenFrom: message.redrivenFrom,
        rememberMs,
        ...(failure ?? { earlier: [], reason }),
      };
      const letter = await deadLetter(host, died);
      if (letter === undefined) throw stillRuns(subscription, event.id);
      return letter;
    },

    revive: async (subscription, event) => {
      const { ok } = await rows.revive(deliveryKey(subscription, event), nextId());
      return ok;
    },
  };
}

function stillRuns(subscription: string, eventId: string): BusError {
  return new BusError(
    "unavailable",
    `subscription ${subscription}: the delivery of event ${eventId} runs, and is no dead letter yet; try again later`,
  );
}
