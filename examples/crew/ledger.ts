import type { Bus, Event, HistoryQuery } from "wagglebus";
import * as z from "zod";
import type { FoundDocument } from "./scan.ts";

/** The `name` of the workflows that the crew is given. */
export const workflowName = "read-documents";

const documentSchema = z.looseObject({ path: z.string(), digest: z.string().optional() });

/** The data of a `workflow.started` of ours. */
const workflowSchema = z.looseObject({
  workflowId: z.string(),
  name: z.literal(workflowName),
  input: z.looseObject({ root: z.string(), documents: z.array(documentSchema) }),
});

const completedSchema = z.looseObject({ result: documentSchema });
const taskSchema = z.looseObject({ input: documentSchema });

/** A workflow that was started, at any time. */
export interface StartedWorkflow {
  /** The correlation id of its flow. */
  flowId: string;
  workflowId: string;
  root: string;
  documents: { path: string; digest?: string | undefined }[];
}

/** What earlier runs have taken on, as history tells it. */
export interface Ledger {
  /** Whether a document with this content was announced before, or read. */
  knows(document: Pick<FoundDocument, "path" | "digest">): boolean;
  /** Started and not completed. */
  unfinished: StartedWorkflow[];
}

/** Reads it all: what history has forgotten, and the memory with it, is read anew. */
export async function readLedger(bus: Pick<Bus, "history">): Promise<Ledger> {
  const keys = new Set<string>();
  const completed = new Set<string>();
  const started: StartedWorkflow[] = [];
  for await (const event of readAll(bus, { type: ["workflow.started", "workflow.completed", "task.completed"] })) {
    const flowId = event.metadata.correlationId;
    if (event.type === "workflow.completed") completed.add(flowId);
    else if (event.type === "task.completed") {
      const parsed = completedSchema.safeParse(event.data);
      if (parsed.success) keys.add(keyOf(parsed.data.result));
    } else {
      const workflow = toWorkflow(event);
      if (workflow === undefined) continue;
      started.push(workflow);
      for (const document of workflow.documents) keys.add(keyOf(document));
    }
  }
  return {
    knows: (document) => keys.has(keyOf(document)),
    unfinished: started.filter(({ flowId }) => !completed.has(flowId)),
  };
}

/** The workflow that an event started; `undefined` where it is somebody else's. */
export function toWorkflow(event: Event): StartedWorkflow | undefined {
  const parsed = workflowSchema.safeParse(event.data);
  if (event.type !== "workflow.started" || !parsed.success) return undefined;
  const { workflowId, input } = parsed.data;
  return { flowId: event.metadata.correlationId, workflowId, root: input.root, documents: input.documents };
}

/** The path of the document that an event concerns; `undefined` where it names none. */
export function pathOf(event: Event): string | undefined {
  const task = taskSchema.safeParse(event.data);
  if (task.success) return task.data.input.path;
  const completed = completedSchema.safeParse(event.data);
  if (completed.success) return completed.data.result.path;
  const other = otherSchema.safeParse(event.data);
  return other.success ? (other.data.filters?.path ?? other.data.document) : undefined;
}

const otherSchema = z.looseObject({
  document: z.string().optional(),
  filters: z.looseObject({ path: z.string().optional() }).optional(),
});

/** Every event that a query selects, newest first. */
export async function* readAll(bus: Pick<Bus, "history">, query: HistoryQuery): AsyncIterable<Event> {
  let cursor: string | undefined;
  do {
    const page = await bus.history.query({ ...query, limit: 1_000, ...(cursor === undefined ? {} : { cursor }) });
    yield* page.events;
    cursor = page.cursor;
  } while (cursor !== undefined);
}

function keyOf(document: { path: string; digest?: string | undefined }): string {
  return `${document.path}\0${document.digest ?? ""}`;
}
