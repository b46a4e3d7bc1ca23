import { type DocumentRef, digestOf } from "../_shared/document.ts";

/** The number of readers that share the work. */
const readers = 3;

/** The task of one reader to read one document. */
export interface PlannedTask {
  taskId: string;
  agentId: string;
  document: DocumentRef;
}

/** Returns the id of a task, which depends only on the path and the content of the document. */
export function taskIdOf(document: DocumentRef): string {
  return `task-${digestOf(`${document.path}\0${document.digest ?? ""}`).slice(0, 12)}`;
}

/** Assigns the documents, sorted by path, to the readers in turn, so that the plan for a folder is always the same. */
export function plan(documents: readonly DocumentRef[]): PlannedTask[] {
  const sorted = documents.toSorted((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
  return sorted.map((document, index) => ({
    taskId: taskIdOf(document),
    agentId: `reader-${(index % readers) + 1}`,
    document,
  }));
}
