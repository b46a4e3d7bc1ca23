import { toEvent } from "../../../browser/to-event.ts";
import { BusError, toBusError } from "../../../error/bus-error.ts";
import type { Event } from "../../../event/event.ts";
import { answerIdOf, answerTo, answerTypesOf, type Decision, hasExpired } from "../../../history/approvals.ts";
import { requests } from "./session.ts";

/** A page of history: newest first. */
export interface Stretch {
  readonly events: readonly Event[];
  /** Whether history goes on before that. */
  readonly more: boolean;
}

/** What became of an answer. */
export type Answered =
  | { readonly request: Event; readonly answer: Event; readonly error?: never }
  | { readonly request: Event; readonly error: BusError; readonly answer?: never };

/** An answer of `GET /v1/events`. */
export function stretchOf({ events, cursor }: Record<string, unknown>): Stretch {
  return { events: (Array.isArray(events) ? events : []).map(toEvent), more: typeof cursor === "string" };
}

/**
 * The requests that nobody has answered, and that have not expired. Where older answers were not read, requests from before the oldest one that
 * was are left out, since the answer to them may be among those.
 */
export function waitingOf(asked: Stretch, answers: Stretch, now: number): Event[] {
  const answered = new Set(answers.events.flatMap(({ metadata: { causationId } }) => causationId ?? []));
  const known = answers.more ? Date.parse(answers.events.at(-1)?.time ?? "") : Number.NEGATIVE_INFINITY;
  return asked.events.filter(
    (request) => !answered.has(request.id) && !hasExpired(request, now) && Date.parse(request.time) >= known,
  );
}

/** Answers a request once: it looks for an answer first, and the id of its own follows from the request. */
export async function answerRequest(request: Event, decision: Decision): Promise<Answered> {
  try {
    const before = await answerOf(request);
    if (before !== undefined) {
      throw new BusError("conflict", `the request was answered at ${before.time}: ${before.type} ${before.id}`);
    }
    if (hasExpired(request, Date.now())) {
      throw new BusError("conflict", `the request expired at ${request.metadata.expiresAt}; its agent must ask again`);
    }
    const { results } = await requests().json("/v1/events", undefined, answerTo(request, decision));
    const [result] = Array.isArray(results) ? results : [];
    return { request, answer: toEvent(Object(result).event) };
  } catch (thrown) {
    return { request, error: toBusError(thrown) };
  }
}

async function answerOf(request: Event): Promise<Event | undefined> {
  const types = answerTypesOf(request.type).map((type): [string, string] => ["type", type]);
  const ways: [string, string][] = [
    ["ids", answerIdOf(request)],
    ["causationId", request.id],
  ];
  for (const way of ways) {
    const asked = new URLSearchParams([...types, way, ["limit", "1"]]);
    const [found] = stretchOf(await requests().json(`/v1/events?${asked}`, undefined)).events;
    if (found !== undefined) return found;
  }
  return undefined;
}
