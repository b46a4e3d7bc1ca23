import { failureCounts } from "../../../delivery/failure-counts.ts";
import type { EndedDelivery, Failure } from "../../../engine/delivery.ts";
import type { Event } from "../../../event/event.ts";
import { formatTime } from "../../../event/time.ts";
import { deliveryKey } from "./keys.ts";
import type { Row } from "./row.ts";
import type { Rows } from "./rows.ts";

/** How deliveries ended, in the order in which they did; without those that have not, or are not known. */
export async function readEnded(
  rows: Pick<Rows, "getAll">,
  deliveries: readonly { readonly subscription: string; readonly event: Event }[],
): Promise<EndedDelivery[]> {
  const byKey = new Map(deliveries.map((one) => [deliveryKey(one.subscription, one.event), one]));
  const ended: EndedDelivery[] = [];
  for (const [pk, row] of await rows.getAll([...byKey.keys()])) {
    const delivery = byKey.get(pk);
    if (delivery !== undefined) ended.push(...endOf(delivery.subscription, delivery.event, row));
  }
  return ended.sort((one, other) => Date.parse(one.endedAt) - Date.parse(other.endedAt));
}

function endOf(subscription: string, event: Event, { attempts, end, failures, state }: Row): EndedDelivery[] {
  if (end === undefined || (state !== "done" && state !== "dead")) return [];
  const { dropped, endedAt, ranMs, totalMs } = end;
  const replayId = event.metadata.replay?.id;
  return [
    {
      subscription,
      eventId: event.id,
      ...(replayId === undefined ? {} : { replayId }),
      outcome: dropped ? "dropped" : state,
      attempts,
      failures: failureCounts(completed(failures)),
      endedAt: formatTime(endedAt),
      ...(ranMs === undefined ? {} : { ranMs }),
      totalMs,
    },
  ];
}

/** A row cuts the messages of older failures: one that begins as a newer one of its code is taken to have said the same. */
function completed(failures: readonly Failure[]): readonly Failure[] {
  return failures.map((failure, index) => {
    const newer = failures
      .slice(index + 1)
      .findLast(({ code, message }) => code === failure.code && message.startsWith(failure.message));
    return newer === undefined ? failure : { ...failure, message: newer.message };
  });
}
