import { type EventOf, type Handler, NonRetriableError } from "wagglebus";
import { contentTag, isRecord, parseDocument } from "../_shared/document.ts";
import { plan } from "./plan.ts";
import type subscription from "./subscription.ts";

/** Creates one task for each document of a workflow, and assigns it to a reader. */
const planner: Handler<EventOf<typeof subscription>> = async (event, { bus }) => {
  const { input } = event.data;
  if (!isRecord(input) || !Array.isArray(input.documents)) {
    throw new NonRetriableError("workflow.started: data.input.documents must be a list of { path, digest }");
  }
  const documents = input.documents.map(parseDocument).filter((document) => document !== undefined);
  // Concurrent publishes share a commit. The keys make a second run of this handler publish nothing new.
  await Promise.all(
    plan(documents).flatMap(({ taskId, agentId, document }) => [
      bus.emit.task.created(
        { taskId, title: `Read ${document.path}`, input: { ...document } },
        { source: "planner", dedupe: `created ${taskId}` },
      ),
      bus.emit.task.assigned(
        { taskId, agentId, instruction: `Read ${document.path} and remember it.`, input: { ...document } },
        {
          source: "planner",
          dedupe: `assigned ${taskId}`,
          metadata: { agentId, ...(document.digest === undefined ? {} : { tags: [contentTag(document.digest)] }) },
        },
      ),
    ]),
  );
};

export default planner;
