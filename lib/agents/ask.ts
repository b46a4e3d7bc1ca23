import { approvalDenied, approvalExpired, approvalGranted, approvalRequested } from "../catalog/approval.ts";
import { runContext } from "../delivery/run-context.ts";
import { type Duration, parseDuration } from "../event/duration.ts";
import type { Event } from "../event/event.ts";
import type { EventMatcher } from "../history/event-matcher.ts";
import { DeliverySteps, firstSince } from "./delivery-steps.ts";
import { type AnyBus, dataOf, type OpenBus, openBus } from "./dependencies.ts";

/** How a question is asked. */
export interface AskOptions {
  /** Whom: a person or an agent, such as `"person"` or `"agent-7"`. Default: whoever answers first. */
  readonly of?: string;
  /** What may be answered, where it is more than yes or no; told to whoever is asked. */
  readonly options?: readonly string[];
  /** How long an answer is waited for. In a handler it may be days: the delivery is back in the queue meanwhile. */
  readonly timeout: Duration;
  /** Tells two questions of one handler apart that have the same words. Default: the question. */
  readonly name?: string;
}

/** What became of a question. */
export interface Answer {
  /** `expired`: nobody answered in time. */
  readonly outcome: "granted" | "denied" | "expired";
  /** Who answered, where that was said. */
  readonly by?: string;
  /** Why, where that was said. */
  readonly reason?: string;
}

/**
 * Asks a person or an agent to approve something: publishes `approval.requested`, and resolves with the first answer, or as
 * `expired`. Whoever answers publishes `approval.granted` or `approval.denied` with the same `approvalId`: the page, `waggle
 * approve` and MCP do. In a handler a question is asked once, however many attempts there are.
 */
export async function ask(bus: AnyBus, question: string, options: AskOptions): Promise<Answer> {
  const timeoutMs = parseDuration(options.timeout, "ask: timeout");
  const open = openBus("ask", bus);
  const { clock, nextId } = open;
  if (runContext.getStore() === undefined) {
    const request = await publishRequest(open, question, options, nextId(), clock.now() + timeoutMs);
    const answer = await firstSince(open, answersTo(request.id), request, timeoutMs);
    return answer === undefined ? expire(open, request.id) : answerOf(answer);
  }
  const delivery = new DeliverySteps("ask", bus);
  const name = `ask ${options.name ?? question}`;
  const id = delivery.id("approval", name);
  const deadline = await delivery.dueAt(name, timeoutMs);
  await delivery.remember(`${name} requested`, async () => {
    await publishRequest(open, question, options, id, deadline);
    return id;
  });
  const answered = await delivery.until(name, timeoutMs, async (ms) => {
    const answer = await delivery.lookFor(answersTo(id), ms);
    return answer && answerOf(answer);
  });
  return answered ?? expire(open, id);
}

/** The answers to a question. */
export function answersTo(approvalId: string): EventMatcher<readonly ["approval.granted", "approval.denied"]> {
  return { on: ["approval.granted", "approval.denied"], where: { data: { approvalId: [approvalId] } } };
}

/** What an answer says. */
export function answerOf(event: Event): Answer {
  const granted = event.type === approvalGranted.type;
  const { by, reason } = dataOf(granted ? approvalGranted : approvalDenied, event) ?? {};
  return {
    outcome: granted ? "granted" : "denied",
    ...(by === undefined ? {} : { by }),
    ...(reason === undefined ? {} : { reason }),
  };
}

/** Publishes a question; its event's id is the approval's, so that it is there once. */
export function publishRequest(
  { bus }: Pick<OpenBus, "bus">,
  question: string,
  { of, options }: Pick<AskOptions, "of" | "options">,
  id: string,
  deadline: number,
): Promise<Event> {
  const data = {
    approvalId: id,
    question,
    deadline: new Date(deadline).toISOString(),
    ...(of === undefined ? {} : { of }),
    ...(options === undefined ? {} : { options: [...options] }),
  };
  return bus.publish(approvalRequested, data, { id });
}

async function expire({ bus }: OpenBus, approvalId: string): Promise<Answer> {
  await bus.publish(approvalExpired, { approvalId }, { id: `${approvalId}-expired` });
  return { outcome: "expired" };
}
