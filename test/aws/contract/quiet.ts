import { setTimeout as delay } from "node:timers/promises";
import type { SQSClient } from "@aws-sdk/client-sqs";
import { resourceNames } from "../../../lib/aws/index.ts";
import type { Bus } from "../../../lib/bus/bus.ts";
import type { Doings } from "../../contract/adapter.ts";
import type { SubscriptionName } from "../../contract/subscriptions.ts";
import { eventually } from "../../support/eventually.ts";
import { depth, subscriptionQueue } from "./queues.ts";

interface Place {
  readonly bus: string;
  readonly sqs: SQSClient;
  /** A bus that no case closes. */
  readonly observer: Bus;
}

/** An event is on no queue for a moment between two of them: so often in turn nothing may be seen. */
const looks = 3;
const pauseMs = 150;

/**
 * Resolves when nothing of a case is under way, as far as can be seen from outside: all it published is recorded, the
 * queues of what it consumes and of the recorders stay empty, and its unnamed subscriptions have read history to the end.
 */
export async function quiet(doings: Doings, place: Place): Promise<void> {
  const { recorded, withinMs } = doings;
  const deadline = performance.now() + withinMs;
  const left = () => Math.max(1, deadline - performance.now());
  for (const id of recorded) {
    await eventually(`${id} is recorded`, () => place.observer.history.get(id), left(), pauseMs);
  }
  const unnamed = await unnamedOf(doings.buses);
  await feedsCaughtUp(unnamed, place.observer, left());
  let quietLooks = 0;
  await eventually(
    `nothing of ${doings.consumed.join(", ")} is under way`,
    async () => {
      const busy = await underWay(doings.consumed, unnamed, place);
      quietLooks = busy.length === 0 ? quietLooks + 1 : 0;
      if (busy.length > 0 && left() === 1) throw new Error(`still under way: ${busy.join(", ")}`);
      return quietLooks >= looks;
    },
    left(),
    pauseMs,
  );
}

interface Unnamed {
  readonly bus: Bus;
  readonly name: string;
}

/** What is not at rest. */
async function underWay(
  consumed: readonly SubscriptionName[],
  unnamed: readonly Unnamed[],
  { bus, sqs }: Place,
): Promise<string[]> {
  const queues = [
    ...consumed.map((name) => subscriptionQueue(bus, name)),
    resourceNames.historyQueue(bus),
    resourceNames.publisherDeadLetterQueue(bus),
  ];
  const busy = await Promise.all([
    ...queues.map(async (name) => ((await depth(sqs, name)) > 0 ? [name] : [])),
    ...unnamed.map(async (one) => ((await isBusy(one)) ? [one.name] : [])),
  ]);
  return busy.flat();
}

/** The unnamed subscriptions of buses: asked for by name from then on, as a list asks for all that is deployed. */
async function unnamedOf(buses: readonly Bus[]): Promise<Unnamed[]> {
  const lists = await Promise.all(
    buses.map(async (bus) => {
      // Those that were closed have none any more.
      const states = await bus.subscriptions.list().catch(() => []);
      return states.filter(({ temporary }) => temporary).map(({ record }) => ({ bus, name: record.name }));
    }),
  );
  return lists.flat();
}

async function isBusy({ bus, name }: Unnamed): Promise<boolean> {
  const state = await bus.subscriptions.get(name).catch(() => undefined);
  return state !== undefined && state.waiting + state.delayed + state.running > 0;
}

/** They read what is recorded, in turn: one that has seen a later event has seen those before. */
async function feedsCaughtUp(unnamed: readonly Unnamed[], observer: Bus, withinMs: number): Promise<void> {
  const buses = [...new Set(unnamed.map(({ bus }) => bus))];
  if (buses.length === 0) return;
  const since = new Date();
  const seen = buses.map((bus) => bus.waitFor("custom.contract.quiet", { since, timeout: withinMs }));
  await Promise.all([...seen, observer.publish({ type: "custom.contract.quiet", data: {} })]);
  await delay(pauseMs);
}
