import type { BusConfig } from "../../../aws-shared/index.ts";
import { BusError } from "../../../error/bus-error.ts";
import { formatTime } from "../../../event/time.ts";
import type { AwsDependencies, Clients, DeadLetterTable, DeliveryTable } from "../dependencies.ts";
import { claimMessage } from "./claim-message.ts";
import { lastFailure, makeDeadLetter } from "./dead-letter.ts";
import { readEnded } from "./ended.ts";
import { deliveryKey } from "./keys.ts";
import { Locks } from "./locks.ts";
import { readMessage } from "./read-message.ts";
import { Rows } from "./rows.ts";
import { settleMessage } from "./settle-message.ts";
import { Table } from "./table.ts";

/** What the deliveries table needs of its engine. */
export interface DeliveryTableDependencies extends Pick<AwsDependencies, "catalog" | "clock" | "nextId"> {
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
export function createDeliveryTable(
  of: DeliveryTableDependencies,
  deadLetters: Pick<DeadLetterTable, "put">,
): DeliveryTable {
  const { config, clients, catalog, clock, nextId } = of;
  const now = () => clock.now();
  const table = new Table(clients.dynamo, config.deliveriesTable);
  const rows = new Rows(table, now);
  const dependencies = { rows, locks: new Locks(table, rows, now), deadLetters, catalog, now, nextId };

  return {
    claim: (message, record, { leaseMs }) => claimMessage(dependencies, message, record, leaseMs),

    renew: async ({ subscription, event, claim }, leaseMs) => {
      const { ok } = await rows.renew(deliveryKey(subscription, event), { id: claim, leaseUntil: now() + leaseMs });
      return ok;
    },

    settle: (delivery, record, outcome, startedAt) => settleMessage(dependencies, delivery, record, outcome, startedAt),

    ended: (deliveries) => readEnded(rows, deliveries),

    giveUp: async (message, subscription, { code, message: why }) => {
      const read = readMessage(message, catalog, now());
      if (!read.ok) {
        await deadLetters.put(read.deadLetter);
        return read.deadLetter;
      }
      const { event, acceptedAt, replayId } = read;
      const pk = deliveryKey(subscription, event);
      const row = await rows.get(pk);
      if (row?.state === "done" || row?.state === "dead") return undefined;
      if (row?.leaseUntil !== undefined && row.leaseUntil > now()) throw stillRuns(subscription, event.id);
      const reason = { code, message: why, at: formatTime(now()), attempt: row?.attempts ?? 0 };
      const last = row === undefined ? undefined : lastFailure(subscription, row, now());
      const deadLetter = await makeDeadLetter(dependencies, {
        pk,
        subscription,
        event,
        acceptedAt,
        replayId,
        from: row,
        redrivenFrom: message.redrivenFrom,
        rememberMs,
        ...(last ?? { failures: [], reason }),
      });
      if (deadLetter === undefined) throw stillRuns(subscription, event.id);
      return deadLetter;
    },

    revive: async (subscription, event) => {
      const { ok, row } = await rows.revive(deliveryKey(subscription, event), nextId());
      if (ok) return "revived";
      return row?.state === "done" ? "succeeded" : "underWay";
    },
  };
}

function stillRuns(subscription: string, eventId: string): BusError {
  return new BusError(
    "unavailable",
    `subscription ${subscription}: the delivery of event ${eventId} still runs, so it cannot become a dead letter; try again later`,
  );
}
