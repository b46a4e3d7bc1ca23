import type { Bus } from "../bus/bus.ts";
import { BusError } from "../error/bus-error.ts";
import type { Event } from "../event/event.ts";
import type { AnyEvents } from "./open-bus.ts";

/** Types by which an agent asks a person for approval; the answer is of the same domain. */
const requestTypes = ["approval.requested", "custom.approval.requested"] as const;

const answers = ["granted", "denied", "decided", "expired"] as const;

/** A request for approval, and how it stands. */
export interface Approval {
  readonly request: Event;
  /** What answered it; absent while it waits. */
  readonly answer?: Event;
}

/** What a person decides. */
export interface Decision {
  readonly granted: boolean;
  readonly by?: string | undefined;
  readonly reason?: string | undefined;
}

/** The requests that wait for a person, newest first; those that have expired are left out. */
export async function* waitingApprovals(bus: Bus<AnyEvents>, now: number): AsyncGenerator<Event, void, void> {
  let cursor: string | undefined;
  do {
    const page = await bus.history.query({ type: requestTypes, ...(cursor === undefined ? {} : { cursor }) });
    for (const request of page.events) {
      const { expiresAt } = request.metadata;
      if (expiresAt !== undefined && Date.parse(expiresAt) <= now) continue;
      if ((await answerOf(bus, request)) === undefined) yield request;
    }
    cursor = page.cursor;
  } while (cursor !== undefined);
}

/** Finds a request by its id. Rejects with `not_found`, or `invalid_config` where the event is no request. */
export async function findApproval(bus: Bus<AnyEvents>, id: string): Promise<Approval> {
  const request = await bus.history.get(id);
  if (request === undefined)
    throw new BusError("not_found", `no recorded event has the id ${id}; waggle approve lists what waits`);
  if (!requestTypes.some((type) => type === request.type)) {
    const what = `event ${id} is a ${request.type}, and not one of ${requestTypes.join(", ")}`;
    throw new BusError("invalid_config", `${what}; waggle approve lists what waits`);
  }
  const answer = await answerOf(bus, request);
  return answer === undefined ? { request } : { request, answer };
}

/**
 * Publishes the answer to a request, which its agent waits for, in the flow of the request. Its id follows from the request: of two
 * answers at once one is refused as `conflict`.
 */
export async function answerApproval(
  bus: Bus<AnyEvents>,
  { request }: Approval,
  { by, granted, reason }: Decision,
): Promise<Event> {
  const { correlationId, agentId } = request.metadata;
  return bus.publish({
    type: request.type.replace(/requested$/, granted ? "granted" : "denied"),
    id: answerId(request),
    data: {
      requestId: request.id,
      ...approvalId(request),
      ...(by === undefined ? {} : { by }),
      ...(reason === undefined ? {} : { reason }),
    },
    metadata: { correlationId, causationId: request.id, ...(agentId === undefined ? {} : { agentId }) },
  });
}

async function answerOf(bus: Bus<AnyEvents>, request: Event): Promise<Event | undefined> {
  const own = await bus.history.get(answerId(request));
  if (own !== undefined) return own;
  const type = answers.map((answer) => request.type.replace(/requested$/, answer));
  const { events } = await bus.history.query({ type, causationId: request.id, limit: 1 });
  return events[0];
}

/** An id has at most 128 characters. */
function answerId({ id }: Event): string {
  return `${id.slice(0, 119)}-answered`;
}

function approvalId({ data }: Event): { approvalId?: unknown } {
  if (typeof data !== "object" || data === null || !("approvalId" in data)) return {};
  return { approvalId: data.approvalId };
}
