import type { Bus, Event, EventOf, Handler } from "wagglebus";
import { digestOf, isRecord } from "../_shared/document.ts";
import { findAll, notRecordedYet } from "../_shared/history.ts";
import { outcomeOf } from "./progress.ts";
import type subscription from "./subscription.ts";

/**
 * Publishes that a workflow is complete when the last of its tasks has ended. Each run requires its own task in history, and
 * the runs of a workflow do not overlap, so the last run sees the tasks of all.
 */
const foreman: Handler<EventOf<typeof subscription>> = async (event, { attempt, bus }) => {
  const { correlationId } = event.metadata;
  const events = await findAll(bus.history, { correlationId, type: ["task.completed", "workflow.completed"] });
  if (!events.some(({ id }) => id === event.id)) throw notRecordedYet(`${event.type} ${event.id}`, attempt);
  if (events.some(({ type }) => type === "workflow.completed")) return;

  const started = await bus.history.get(correlationId);
  if (started === undefined && (await beganWithEvent(event, bus.history))) {
    throw notRecordedYet(`${correlationId}, with which the flow of ${event.type} ${event.id} began,`, attempt);
  }
  if (started?.type !== "workflow.started" || !isRecord(started.data)) return;
  const { workflowId, name, input } = started.data;
  if (typeof workflowId !== "string" || !isRecord(input) || !Array.isArray(input.documents)) return;

  const outcome = outcomeOf(
    input.documents.length,
    events.map(({ data }) => data),
  );
  if (outcome === undefined) return;
  const endedAt = Math.max(...events.map(({ time }) => Date.parse(time)));
  await bus.emit.workflow.completed(
    {
      workflowId,
      ...(typeof name === "string" ? { name } : {}),
      output: { ...outcome },
      durationMs: endedAt - Date.parse(started.time),
    },
    // `dedupe` covers a single delivery only, but a later run may not see yet that an earlier one has published.
    { source: "foreman", id: `completed-${digestOf(started.id)}` },
  );
};

export default foreman;

/**
 * Whether an event started the flow, so that the correlation id is that event's id and not the caller's own. It follows the
 * causes: if one is missing, it is not recorded yet, and so may be the first event.
 */
async function beganWithEvent({ metadata }: Event, history: Pick<Bus["history"], "get">): Promise<boolean> {
  const seen = new Set<string>();
  let { causationId } = metadata;
  while (causationId !== undefined && !seen.has(causationId)) {
    if (causationId === metadata.correlationId) return true;
    seen.add(causationId);
    const cause = await history.get(causationId);
    if (cause === undefined) return true;
    causationId = cause.metadata.causationId;
  }
  return false;
}
