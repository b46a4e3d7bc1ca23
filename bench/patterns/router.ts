import { Router } from "../../lib/delivery/router.ts";
import type { Event } from "../../lib/event/event.ts";
import { subscriptionRecord } from "../../lib/subscription/index.ts";

const count = 10_000;
const changes = 1_000;

/** A subscription of an agent platform: half of them have a `where`, a third a wildcard. */
function subscription(number: number) {
  const team = number % (count / 5);
  return subscriptionRecord({
    name: `s-${number}`,
    on: number % 3 === 0 ? [`custom.team${team}.*`] : [`custom.team${team}.task.completed`],
    ...(number % 2 === 0 ? {} : { where: { data: { kind: [`kind-${number % 7}`] } } }),
  });
}

function event(number: number): Event {
  const id = `e-${number}`;
  return {
    id,
    type: `custom.team${number % (count / 5)}.task.completed`,
    source: "crew",
    time: "2026-11-20T09:30:00.000Z",
    data: { kind: `kind-${number % 7}` },
    metadata: { version: 1, correlationId: id, priority: 5 },
  };
}

/**
 * Returns the microseconds in which one of 10,000 subscriptions is removed, an event is routed, the subscription is added
 * again, and another event is routed.
 */
export function measureRouter(cpuMs: () => number): number {
  const router = new Router(Array.from({ length: count }, (_, number) => subscription(number)));
  const records = Array.from({ length: changes }, (_, change) => subscription((change * 7_919) % count));
  for (let number = 0; number < count; number += 1) router.route(event(number));
  const start = cpuMs();
  for (const [change, record] of records.entries()) {
    router.delete(record.name);
    router.route(event(change));
    router.set(record);
    router.route(event(change));
  }
  return ((cpuMs() - start) * 1_000) / changes;
}
