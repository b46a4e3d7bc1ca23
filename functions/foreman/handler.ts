import type { EventOf, Handler } from "wagglebus";
import { isRecord } from "../_shared/document.ts";
import { outcomeOf } from "./progress.ts";
import type subscription from "./subscription.ts";

/** Says that a workflow is complete when the last of its tasks has ended. */
const foreman: Handler<EventOf<typeof subscription>> = async (event, { bus }) => {
  const { correlationId } = event.metadata;
  const started = await bus.history.get(correlationId);
  if (started?.type !== "workflow.started" || !isRecord(started.data)) return;
  const { workflowId, name, input } = started.data;
  if (typeof workflowId !== "string" || !isRecord(input) || !Array.isArray(input.documents)) return;

  const { events } = await bus.history.query({
    correlationId,
    type: ["task.completed", "workflow.completed"],
    limit: 1_000,
  });
  if (events.some(({ type }) => type === "workflow.completed")) return;
  const outcome = outcomeOf(
    input.documents.length,
    events.map(({ data }) => data),
  );
  if (outcome === undefined) return;
  await bus.emit.workflow.completed(
    {
      workflowId,
      ...(typeof name === "string" ? { name } : {}),
      output: { ...outcome },
      durationMs: Date.parse(event.time) - Date.parse(started.time),
    },
    { source: "foreman", dedupe: "completed" },
  );
};

export default foreman;
