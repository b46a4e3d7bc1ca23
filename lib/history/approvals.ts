import type { Draft, Event } from "../event/event.ts";

/** Types by which an agent asks a person for approval. */
export const approvalRequestTypes = ["approval.requested", "custom.approval.requested"] as const;

const answers = ["granted", "denied", "decided", "expired"] as const;

/** Types that answer a request for approval. */
export const approvalAnswerTypes: readonly string[] = approvalRequestTypes.flatMap(answerTypesOf);

/** What a person decides. */
export interface Decision {
  readonly granted: boolean;
  readonly by?: string | undefined;
  readonly reason?: string | undefined;
}

/** Whether an event asks for approval. */
export function isApprovalRequest({ type }: Pick<Event, "type">): boolean {
  return approvalRequestTypes.some((one) => one === type);
}

/** Types that answer a request of this type: those of the same domain. */
export function answerTypesOf(requestType: string): string[] {
  return answers.map((answer) => requestType.replace(/requested$/, answer));
}

/** The id of the answer to a request: it follows from the request, so that of two answers one is refused. At most 128 characters. */
export function answerIdOf({ id }: Pick<Event, "id">): string {
  return `${id.slice(0, 119)}-answered`;
}

/** The event that answers a request, which its agent waits for, in the flow of the request and caused by it. */
export function answerTo(request: Event, { by, granted, reason }: Decision): Draft & { readonly id: string } {
  const { correlationId, agentId } = request.metadata;
  return {
    type: request.type.replace(/requested$/, granted ? "granted" : "denied"),
    id: answerIdOf(request),
    data: {
      requestId: request.id,
      ...approvalIdOf(request),
      ...(by === undefined ? {} : { by }),
      ...(reason === undefined ? {} : { reason }),
    },
    metadata: { correlationId, causationId: request.id, ...(agentId === undefined ? {} : { agentId }) },
  };
}

/** Whether nobody may answer a request any more. `now`: milliseconds since 1970. */
export function hasExpired({ metadata: { expiresAt } }: Event, now: number): boolean {
  return expiresAt !== undefined && Date.parse(expiresAt) <= now;
}

function approvalIdOf({ data }: Event): { approvalId?: unknown } {
  if (typeof data !== "object" || data === null || !("approvalId" in data)) return {};
  return { approvalId: data.approvalId };
}
