import type { Bus } from "../bus/bus.ts";
import { BusError } from "../error/bus-error.ts";
import type { Event } from "../event/event.ts";
import {
  answerIdOf,
  answerTo,
  answerTypesOf,
  approvalAnswerTypes,
  approvalRequestTypes,
  type Decision,
  hasExpired,
  isApprovalRequest,
} from "../history/approvals.ts";
import type { AnyEvents } from "./open-bus.ts";

/** A request for approval, and how it stands. */
export interface Approval {
  readonly request: Event;
  /** What answered it; absent while it waits. */
  readonly answer?: Event;
}

/** The most that the bus gives at a time. */
const pageSize = 1_000;

/**
 * The requests that wait for a person, newest first; those that have expired are left out. Reads the requests and the answers
 * page by page: what it costs does not grow by look-ups of each request.
 */
export async function* waitingApprovals(bus: Bus<AnyEvents>, now: number): AsyncGenerator<Event, void, void> {
  const answered = new Set<string>();
  for await (const { id, metadata } of everyEvent(bus, approvalAnswerTypes)) {
    answered.add(id);
    if (metadata.causationId !== undefined) answered.add(metadata.causationId);
  }
  for await (const request of everyEvent(bus, approvalRequestTypes)) {
    if (!hasExpired(request, now) && !answered.has(request.id) && !answered.has(answerIdOf(request))) yield request;
  }
}

async function* everyEvent(bus: Bus<AnyEvents>, type: readonly string[]): AsyncGenerator<Event, void, void> {
  let cursor: string | undefined;
  do {
    const page = await bus.history.query({ type, limit: pageSize, ...(cursor === undefined ? {} : { cursor }) });
    yield* page.events;
    cursor = page.cursor;
  } while (cursor !== undefined);
}

/** Finds a request by its id. Rejects with `not_found`, or `invalid_config` where the event is no request. */
export async function findApproval(bus: Bus<AnyEvents>, id: string): Promise<Approval> {
  const request = await bus.history.get(id);
  if (request === undefined)
    throw new BusError("not_found", `no recorded event has the id ${id}; waggle approve lists what waits`);
  if (!isApprovalRequest(request)) {
    const what = `event ${id} is a ${request.type}, and not one of ${approvalRequestTypes.join(", ")}`;
    throw new BusError("invalid_config", `${what}; waggle approve lists what waits`);
  }
  const answer = await answerOf(bus, request);
  return answer === undefined ? { request } : { request, answer };
}

/**
 * Publishes the answer to a request, which its agent waits for, in the flow of the request. Its id follows from the request: of two
 * answers at once one is refused as `conflict`.
 */
export async function answerApproval(bus: Bus<AnyEvents>, { request }: Approval, decision: Decision): Promise<Event> {
  return bus.publish(answerTo(request, decision));
}

async function answerOf(bus: Bus<AnyEvents>, request: Event): Promise<Event | undefined> {
  const own = await bus.history.get(answerIdOf(request));
  if (own !== undefined) return own;
  const { events } = await bus.history.query({ type: answerTypesOf(request.type), causationId: request.id, limit: 1 });
  return events[0];
}
