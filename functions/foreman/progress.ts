import { isRecord } from "../_shared/document.ts";

/** How the tasks of a workflow ended. */
export interface WorkflowOutcome {
  documents: number;
  read: number;
  /** The number of documents left to another reader. */
  gaveWay: number;
}

/**
 * Returns the outcome of a workflow, or `undefined` while one of its tasks has not ended. `completed` is the data of its
 * `task.completed` events; a task that is reported twice counts once.
 */
export function outcomeOf(documents: number, completed: readonly unknown[]): WorkflowOutcome | undefined {
  const ended = new Map<string, boolean>();
  for (const data of completed) {
    if (!isRecord(data) || typeof data.taskId !== "string") continue;
    ended.set(data.taskId, isRecord(data.result) && "gaveWayTo" in data.result);
  }
  if (ended.size < documents) return undefined;
  const gaveWay = [...ended.values()].filter(Boolean).length;
  return { documents, read: ended.size - gaveWay, gaveWay };
}
