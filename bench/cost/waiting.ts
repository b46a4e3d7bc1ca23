import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { ChangeSignal } from "../../lib/engine/change-signal.ts";
import type { AwsDependencies, ToRecord } from "../../lib/engines/aws/dependencies.ts";
import { AwsEventLog } from "../../lib/engines/aws/event-log.ts";
import { createHistoryTable } from "../../lib/engines/aws/history/index.ts";
import { PollTimer } from "../../lib/engines/aws/poll-timer.ts";
import { RecentlySeenEvents } from "../../lib/engines/aws/recently-seen-events.ts";
import { createIds } from "../../lib/event/id.ts";
import { ChangeWatch } from "../../lib/history/change-watch.ts";
import { LogReader } from "../../lib/history/log-reader.ts";
import { type WaitDependencies, waitFor } from "../../lib/history/wait-for.ts";
import { ManualClock, turn } from "../../lib/testing/manual-clock.ts";
import { anEvent } from "../../test/support/an-event.ts";
import { historyDependencies } from "../../test/support/history-table.ts";
import { seeded } from "../../test/support/seeded.ts";
import { countUnits } from "./units.ts";
import { workload } from "./workload.ts";

/** Milliseconds between the acceptance of an event and the beginning of its recording, and that this takes. */
const [queuedMs, recordMs] = [50, 40];
/** Milliseconds before the measurement, in which the process begins; the clock advances by `tickMs`. */
const [settlingMs, tickMs] = [12_000, 20];

/** The buses on which a process waits. */
export const waitingCases: readonly WaitingCase[] = [
  { rate: 0, batch: 1, awaited: false },
  { rate: 5, batch: 1, awaited: false },
  { rate: 5, batch: 1, awaited: true },
  { rate: 100, batch: 10, awaited: false },
  { rate: 100, batch: 1, awaited: false },
  { rate: 100, batch: 10, awaited: true },
];

export interface WaitingCase {
  /** Events a second that nobody waits for. */
  readonly rate: number;
  /** Events that are recorded together. */
  readonly batch: number;
  /** Whether what the process waits for comes every 1.5 to 2 s, and it then waits anew; otherwise it waits for nothing. */
  readonly awaited: boolean;
}
/** Milliseconds between two awaited events. */
const awaitedEveryMs = 1_500;

export interface Waiting {
  /** Read units a second while it waits. */
  readonly units: number;
  /** Median milliseconds from the acceptance of an awaited event until `waitFor` resolves. */
  readonly p50: number | undefined;
}

/**
 * Measures a process that waits, for so many seconds of a clock that stands still while the table answers. A wait takes the
 * time until the event is recorded, and the time between two polls.
 */
export async function measureWaiting(
  client: DynamoDBClient,
  table: string,
  { rate, batch, awaited }: WaitingCase,
  seconds: number,
): Promise<Waiting> {
  const measuredMs = seconds * 1_000;
  const clock = new ManualClock(Date.UTC(2026, 0, 10));
  const random = seeded(rate + batch);
  const units = countUnits(client);
  const requests = inFlight(client);
  const nextId = createIds({ now: clock.now });
  const dependencies = historyDependencies(client, table, { clock, nextId, random });
  // A batch has its place in the log when its recording begins.
  const behind = { ...clock, now: () => clock.now() - recordMs };
  const recorder = createHistoryTable(historyDependencies(client, table, { clock: behind, nextId, random }));
  const closing = new AbortController();
  const waits: number[] = [];
  let acceptedAt = 0;
  const waiting = (async () => {
    const process = waitDependencies(dependencies, closing.signal);
    while (!closing.signal.aborted) {
      await waitFor(process, awaited ? "custom.awaited" : "custom.never", { timeout: "10m" });
      waits.push(clock.now() - acceptedAt);
    }
  })().catch((thrown: unknown) => {
    if (!closing.signal.aborted) throw thrown;
  });

  const source = workload(300, clock.now());
  const begin = clock.now();
  const queue: { readonly at: number; readonly entries: readonly ToRecord[] }[] = [];
  const collected: ToRecord[] = [];
  let due = 0;
  let read = 0;
  let nextAwaited = begin + settlingMs / 2;
  while (clock.now() < begin + settlingMs + measuredMs) {
    const now = clock.now();
    if (now === begin + settlingMs) read = units.read;
    for (due += (rate * tickMs) / 1_000; due >= 1; due -= 1) {
      collected.push(source.next().value);
    }
    const isAwaited = awaited && now >= nextAwaited;
    if (isAwaited) {
      acceptedAt = now;
      collected.push({ event: anEvent({ id: nextId(), type: "custom.awaited" }), acceptedAt });
      nextAwaited = now + awaitedEveryMs + Math.floor(random() * 500);
    }
    if (isAwaited || collected.length >= batch)
      queue.push({ at: now + queuedMs + recordMs, entries: collected.splice(0) });
    while (queue[0] !== undefined && queue[0].at <= now) await recorder.record(queue.shift()?.entries ?? []);
    await clock.advance(tickMs);
    await requests.idle();
  }
  const sum = units.read - read;
  closing.abort();
  await waiting;
  return {
    units: sum / seconds,
    p50: waits.toSorted((one, other) => one - other)[Math.floor(waits.length / 2)],
  };
}

/** What a process needs to wait for events of a table. */
function waitDependencies(dependencies: AwsDependencies, closing: AbortSignal): WaitDependencies {
  const { catalog, clock, logger } = dependencies;
  const pollTimer: PollTimer = new PollTimer(clock, () => changes.notify());
  const changes = new ChangeSignal({ onFirst: () => pollTimer.start(), onLast: () => pollTimer.stop() });
  const log = new AwsEventLog({
    publisher: {
      publish: () => {
        throw new Error("this process publishes nothing");
      },
      onAccepted: () => {},
    },
    history: createHistoryTable(dependencies),
    recentlySeen: new RecentlySeenEvents(),
    pollTimer,
    closing,
  });
  const watch = (changed: () => void) => changes.watch(changed);
  return { log, catalog, clock, logger, reader: new LogReader(log, new ChangeWatch({ watch }, clock)), closing };
}

/** Tells when a client has no request under way. */
function inFlight(client: DynamoDBClient): { idle(): Promise<void> } {
  let requests = 0;
  client.middlewareStack.add(
    (next) => async (args) => {
      requests += 1;
      try {
        return await next(args);
      } finally {
        requests -= 1;
      }
    },
    { step: "initialize" },
  );
  return {
    idle: async () => {
      for (let quiet = 0; quiet < 2; quiet = requests === 0 ? quiet + 1 : 0) await turn();
    },
  };
}
