import { hasExpired } from "../delivery/attempt-outcomes.ts";
import type { DeadLetter, EndedDelivery, PendingDelivery } from "../engine/delivery.ts";
import type { SubscriptionState } from "../engine/subscription-store.ts";
import { formatDuration } from "../event/duration.ts";
import type { Event } from "../event/event.ts";
import type { PatternExplanation, PatternMismatch } from "../pattern/index.ts";
import { keyAt } from "../subscription/ordered-key.ts";
import type { DeliveryExplanation } from "./explanation.ts";

/** What a verdict is made of. */
export interface Facts {
  readonly event: Event;
  /** Absent where the subscription was deleted. */
  readonly state: SubscriptionState | undefined;
  /** Absent with the state. */
  readonly pattern: PatternExplanation | undefined;
  /** Whether the event was accepted before the time at which the subscription starts. */
  readonly acceptedBefore: boolean;
  readonly pending: readonly PendingDelivery[];
  /** Absent where the engine does not know. */
  readonly ended?: readonly EndedDelivery[];
  readonly deadLetters: readonly DeadLetter[];
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** The part of an explanation that is concluded, not read. */
export type Verdict = Pick<DeliveryExplanation, "status" | "reason" | "text" | "fix">;

/** Concludes from what is known of a delivery what became of it, the newest first: a redriven one is on its way again. */
export function verdictOf(facts: Facts): Verdict {
  const { pending, deadLetters, ended } = facts;
  const [underWay] = pending;
  if (underWay !== undefined) return pendingVerdict(underWay, facts);
  const [deadLetter] = deadLetters;
  const last = ended?.at(-1);
  // A replay of it may have been handled since, while its dead letter still lies there.
  const handledSince =
    deadLetter !== undefined && last?.outcome === "done" && Date.parse(last.endedAt) > Date.parse(deadLetter.deadAt);
  if (deadLetter !== undefined && !handledSince) return deadVerdict(deadLetter);
  return last === undefined ? undeliveredVerdict(facts) : endedVerdict(last, facts);
}

function pendingVerdict(delivery: PendingDelivery, facts: Facts): Verdict {
  const { attempts, dueAt, lastError, state } = delivery;
  const due = dueAt === undefined ? "" : `, due at ${dueAt}`;
  if (state === "running") {
    return { status: "pending", reason: "running", text: `a handler runs: attempt ${attempts}` };
  }
  if (state === "delayed" && attempts === 0) {
    const { deliverAt } = facts.event.metadata;
    if (deliverAt !== undefined && Date.parse(deliverAt) > facts.now) {
      return { status: "pending", reason: "scheduled", text: `it is not delivered before ${deliverAt}, its deliverAt` };
    }
    const text = `it waits${due}: the subscriber has given it back, as its limits allow no run now`;
    return { status: "pending", reason: "waiting", text };
  }
  if (state === "delayed") {
    const text = `attempt ${attempts} failed${lastError === undefined ? "" : ` (${lastError})`}; the next is attempt ${attempts + 1}${due}`;
    return { status: "pending", reason: "retrying", text };
  }
  return waitingVerdict(delivery, facts);
}

function waitingVerdict({ handled, paused, subscription }: PendingDelivery, { event, state }: Facts): Verdict {
  const status = "pending";
  if (paused === true) {
    return {
      status,
      reason: "paused",
      text: `it waits: ${subscription} is paused for all processes`,
      fix: `waggle subscriptions resume ${subscription}`,
    };
  }
  if (handled === false) {
    return {
      status,
      reason: "unhandled",
      text: `it waits, and no process handles ${subscription}`,
      fix: `start the process that subscribes to ${subscription}, or delete the subscription`,
    };
  }
  if (state?.backfilling === true) {
    return { status, reason: "backfilling", text: `it waits: ${subscription} is still being filled from history` };
  }
  if (state !== undefined && state.running >= state.record.concurrency) {
    return {
      status,
      reason: "busy",
      text: `it waits: ${state.running} handlers run, as many as concurrency allows (${state.record.concurrency})`,
      fix: "raise concurrency, or wait",
    };
  }
  const key = state?.record.ordered;
  const value = key === undefined ? undefined : keyAt(key)(event);
  if (key !== undefined && value !== undefined) {
    const text = `it waits for its turn: ${subscription} takes events with the same ${key} (${JSON.stringify(value)}) one at a time, in order of acceptance`;
    return { status, reason: "ordered", text, fix: "look at the earlier events of that key" };
  }
  const backlog = state === undefined ? "" : ` (${state.waiting} waiting, ${state.running} running)`;
  return {
    status,
    reason: "waiting",
    text: `it waits for its turn in ${subscription}${backlog}`,
    ...(state?.running === 0
      ? { fix: "if nothing moves, the subscriber is paused or throttled, or no process handles the subscription" }
      : {}),
  };
}

function deadVerdict({ attempts, id, reason }: DeadLetter): Verdict {
  const overflow = reason.code === "overflow";
  const after = attempts === 1 ? "1 attempt" : `${attempts} attempts`;
  return {
    status: "dead",
    reason: overflow ? "overflow" : "failed",
    text: `it is a dead letter${overflow ? "" : ` after ${after}`}: ${reason.code}: ${reason.message}`,
    fix: `remove the cause, then redrive dead letter ${id}`,
  };
}

function endedVerdict(delivery: EndedDelivery, { event, state }: Facts): Verdict {
  const { attempts, endedAt, failures, outcome, replayId, subscription } = delivery;
  const what = replayId === undefined ? "it" : `replay ${replayId} of it`;
  const tries = attempts > 1 ? ` in attempt ${attempts}` : "";
  if (outcome === "done") {
    const again =
      state === undefined || state.record.idempotent
        ? `an event succeeds once in a subscription; to deliver it again, replay it to ${subscription}`
        : `to deliver it again, replay it to ${subscription}`;
    return { status: "done", reason: "handled", text: `${what} was handled${tries}, at ${endedAt}`, fix: again };
  }
  if (outcome === "dead") {
    const overflow = failures.some(({ code }) => code === "overflow");
    const last = failures.at(-1);
    const why = last === undefined ? "" : ` (${last.code}: ${last.message})`;
    return {
      status: "dead",
      reason: overflow ? "overflow" : "failed",
      text: `${what} failed for good at ${endedAt}${why}; its dead letter was redriven or discarded since`,
      fix: `to deliver it again, replay it to ${subscription}`,
    };
  }
  if (hasExpired(event, Date.parse(endedAt))) {
    const text = `${what} was dropped at ${endedAt}: it had expired at ${event.metadata.expiresAt}`;
    return { status: "dropped", reason: "expired", text, fix: "give a later expiresAt, or handle it sooner" };
  }
  const text = `${what} was dropped at ${endedAt}: the \`filter\` that the subscriber was given excluded it`;
  return { status: "dropped", reason: "filtered", text };
}

function undeliveredVerdict({ event, ended, state, pattern, acceptedBefore, now }: Facts): Verdict {
  const name = state?.record.name ?? "";
  const replay = `replay it to ${name}`;
  if (pattern !== undefined && !pattern.matches) return mismatchVerdict(pattern.mismatches, pattern.edits, name);
  if (acceptedBefore) {
    const text = `it was accepted before ${state?.record.from}, where ${name} starts`;
    return { status: "not_queued", reason: "accepted_before", text, fix: replay };
  }
  if (state?.backfilling === true) {
    return { status: "pending", reason: "backfilling", text: `${name} is still being filled from history` };
  }
  if (hasExpired(event, now)) {
    const text = `it expired at ${event.metadata.expiresAt} before ${name} handled it`;
    return { status: "dropped", reason: "expired", text, fix: "give a later expiresAt, or handle it sooner" };
  }
  if (ended === undefined) {
    const dedupe =
      state === undefined ? "" : ` (a success is remembered for ${formatDuration(state.record.dedupeFor)})`;
    return {
      status: "unknown",
      reason: "not_known",
      text: `the pattern of ${name} matches, and nothing more is known of the delivery: it was handled${dedupe}, is on its way, or was accepted before ${name} was made`,
      fix: `look at the log of its handler, or ${replay}`,
    };
  }
  return {
    status: "not_queued",
    reason: "accepted_before",
    text: `the pattern of ${name} matches, but it never was delivered: it was accepted before ${name} was made or was given this pattern`,
    fix: replay,
  };
}

function mismatchVerdict(
  mismatches: readonly PatternMismatch[],
  edits: DeliveryExplanation["edits"],
  name: string,
): Verdict {
  const type = mismatches.find(({ path }) => path === "type");
  const [first] = type === undefined ? mismatches : [type];
  const what = type === undefined ? `where.${first?.path} expects ${first?.expected}` : `on expects ${first?.expected}`;
  const more = mismatches.length > 1 ? ` (and ${mismatches.length - 1} more)` : "";
  const changes = edits.map((edit) => `${edit.path === "type" ? "on" : `where.${edit.path}`}: ${edit.text}`);
  return {
    status: "not_matched",
    reason: type === undefined ? "where" : "type",
    text: `${name} does not want it: ${what}, but the event has ${first?.found}${more}`,
    ...(changes.length === 0 ? {} : { fix: `to make it match, change ${changes.join("; ")}` }),
  };
}
