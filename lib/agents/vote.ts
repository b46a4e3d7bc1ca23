import { runContext } from "../delivery/run-context.ts";
import { BusError } from "../error/bus-error.ts";
import { mustBe } from "../error/must-be.ts";
import { type Duration, parseDuration } from "../event/duration.ts";
import type { Event } from "../event/event.ts";
import { type Answer, answerOf, answersTo, publishRequest } from "./ask.ts";
import { DeliverySteps, firstSince } from "./delivery-steps.ts";
import { type AnyBus, type OpenBus, openBus } from "./dependencies.ts";

/** How a vote is held. */
export interface VoteOptions {
  /** Votes that decide it, from different voters: an integer from 1. */
  readonly n: number;
  /** Who may vote, by the `by` of their answers. Default: everybody. */
  readonly by?: readonly string[];
  /** How long votes are waited for. In a handler it may be days: the delivery is back in the queue meanwhile. */
  readonly timeout: Duration;
  /** Tells two votes of one handler apart that have the same words. Default: the question. */
  readonly name?: string;
}

/** How a vote ended. */
export interface Votes {
  /** Whether there are `n`; else the time was over. */
  readonly complete: boolean;
  /** Votes for it. */
  readonly granted: number;
  /** Votes against it. */
  readonly denied: number;
  /** The first vote of each voter, in order of acceptance; at most `n`. */
  readonly votes: readonly Answer[];
}

/**
 * Has several people or agents vote on a question: publishes `approval.requested` once, and resolves with the first `n` answers
 * of different voters, or with those that there are in time. An answer without `by` does not count.
 */
export async function vote(bus: AnyBus, question: string, options: VoteOptions): Promise<Votes> {
  const { n } = options;
  if (!Number.isInteger(n) || n < 1) throw new BusError("invalid_config", `vote: n ${mustBe("an integer from 1", n)}`);
  const timeoutMs = parseDuration(options.timeout, "vote: timeout");
  const open = openBus("vote", bus);
  const { clock, nextId } = open;
  const of = options.by === undefined ? {} : { of: options.by.join(", ") };
  if (runContext.getStore() === undefined) {
    const due = clock.now() + timeoutMs;
    const request = await publishRequest(open, question, of, nextId(), due);
    const look = () => collect(open, request, options);
    for (;;) {
      const { votes, last } = await look();
      if (votes.length >= n) return counted(votes, n);
      const leftMs = due - clock.now();
      const next = leftMs > 0 ? await firstSince(open, answersTo(request.id), last, leftMs) : undefined;
      if (next === undefined) return counted((await look()).votes, n);
    }
  }
  const delivery = new DeliverySteps("vote", bus);
  const name = `vote ${options.name ?? question}`;
  const id = delivery.id("approval", name);
  const deadline = await delivery.dueAt(name, timeoutMs);
  await delivery.remember(`${name} requested`, async () => (await publishRequest(open, question, of, id, deadline)).id);
  const request = await delivery.event(id);
  const decided = await delivery.until(name, timeoutMs, async (ms) => {
    const { votes, last } = await collect(open, request, options);
    if (votes.length >= n || ms === 0) return votes.length >= n ? counted(votes, n) : undefined;
    await firstSince(open, answersTo(id), last, ms);
    const { votes: now } = await collect(open, request, options);
    return now.length >= n ? counted(now, n) : undefined;
  });
  return decided ?? counted((await collect(open, request, options)).votes, n);
}

/** The first vote of each voter so far, and the last answer that was looked at. */
async function collect(open: OpenBus, request: Event, { by }: VoteOptions) {
  const allowed = by === undefined ? undefined : new Set(by);
  const voters = new Map<string, Answer>();
  let last = request;
  for (;;) {
    const next = await firstSince(open, answersTo(request.id), last, 0);
    if (next === undefined) return { votes: [...voters.values()], last };
    last = next;
    const answer = answerOf(next);
    if (answer.by === undefined || voters.has(answer.by) || allowed?.has(answer.by) === false) continue;
    voters.set(answer.by, answer);
  }
}

function counted(all: readonly Answer[], n: number): Votes {
  const votes = all.slice(0, n);
  const granted = votes.filter(({ outcome }) => outcome === "granted").length;
  return { complete: votes.length >= n, granted, denied: votes.length - granted, votes };
}
