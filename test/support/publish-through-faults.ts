import { parseUnpublished } from "../../lib/aws-shared/index.ts";
import { BusError } from "../../lib/error/bus-error.ts";
import { anEvent } from "./an-event.ts";
import { startStubPublisher } from "./aws-publisher.ts";
import type { Fault } from "./aws-stub.ts";
import { seeded } from "./seeded.ts";

export interface FaultyRun {
  readonly events: number;
  /** Of the requests to EventBridge that go wrong, 0 to 1. */
  readonly share: number;
  /** Of those to SQS; default: the same. */
  readonly queueShare?: number;
  readonly requestTimeoutMs: number;
  readonly seed: number;
}

/** What became of the events of a run. */
export interface FaultyResult {
  readonly accepted: number;
  /** Rejected, and in the dead-letter queue. */
  readonly reported: number;
  /** Rejected, and the rejection says that the dead-letter queue failed as well. */
  readonly left: number;
  /** Calls that were settled exactly once. */
  readonly settledOnce: number;
  /** Events that were said to be accepted and are not on the bus, or reported and are not in the queue. */
  readonly lost: readonly string[];
  /** Entries on the bus that are no published event, or differ from what was published under their id. */
  readonly strange: readonly string[];
  /** Times that the bus took an event that it had. */
  readonly sentAgain: number;
}

/** Concurrent callers; each awaits its own publish before the next. */
const callers = 1_000;

/** Publishes events, while a share of the requests of both services fails in every way there is. */
export async function publishThroughFaults(run: FaultyRun): Promise<FaultyResult> {
  const random = seeded(run.seed);
  const onBus = new Map<string, number>();
  const inQueue = new Set<string>();
  const { publisher, end } = await startStubPublisher({
    requestTimeoutMs: run.requestTimeoutMs,
    fault: ({ operation }) => {
      const share = operation === "PutEvents" ? run.share : (run.queueShare ?? run.share);
      return random() < share ? anyFault(random) : undefined;
    },
    taken: ({ text }, operation) => {
      if (operation === "PutEvents") onBus.set(text, (onBus.get(text) ?? 0) + 1);
      else {
        const read = parseUnpublished(text);
        if ("deadLetter" in read) inQueue.add(read.deadLetter.event.id);
      }
    },
    takesWhatItLoses: () => random() < 0.5,
  });
  const published = Array.from({ length: run.events }, (_, index) => {
    const event = anEvent({ id: `event-${index}`, data: { index } });
    const { id, time, data, metadata } = event;
    return { event, text: JSON.stringify({ id, time, data, metadata }) };
  });
  const settled = new Map<string, number>();
  const rejected = new Map<string, unknown>();
  const publishOne = async ({ event }: (typeof published)[number]) => {
    try {
      await publisher.publish({ event, ownId: false, history: true, inHandler: false });
    } catch (thrown) {
      rejected.set(event.id, thrown);
    }
    settled.set(event.id, (settled.get(event.id) ?? 0) + 1);
  };
  try {
    const next = published.values();
    const caller = async () => {
      for (const one of next) await publishOne(one);
    };
    await Promise.all(Array.from({ length: callers }, caller));
  } finally {
    await end();
  }
  const detailsOf = (id: string) => {
    const thrown = rejected.get(id);
    return thrown instanceof BusError ? thrown.details : {};
  };
  const lost = published.filter(({ event: { id }, text }) => {
    if (!rejected.has(id)) return !onBus.has(text);
    return "deadLetterId" in detailsOf(id) ? !inQueue.has(id) : !("deadLetterError" in detailsOf(id));
  });
  const texts = new Set(published.map(({ text }) => text));
  const left = [...rejected.keys()].filter((id) => "deadLetterError" in detailsOf(id)).length;
  return {
    accepted: run.events - rejected.size,
    reported: rejected.size - left,
    left,
    settledOnce: [...settled.values()].filter((times) => times === 1).length,
    lost: lost.map(({ event }) => event.id),
    strange: [...onBus.keys()].filter((text) => !texts.has(text)),
    sentAgain: [...onBus.values()].reduce((sum, times) => sum + times - 1, 0),
  };
}

function anyFault(random: () => number): Fault {
  const faults: readonly Fault[] = [
    { kind: "status", status: 400, error: "ThrottlingException" },
    { kind: "status", status: 503, error: "ServiceUnavailable" },
    { kind: "status", status: 500, error: "InternalFailure" },
    { kind: "reset" },
    { kind: "hang" },
    {
      kind: "partial",
      code: random() < 0.5 ? "ThrottlingException" : "InternalFailure",
      fails: (index) => index % 2 === 0,
    },
  ];
  return faults[Math.floor(random() * faults.length)] ?? { kind: "reset" };
}
