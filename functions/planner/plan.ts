import { type DocumentRef, digestOf } from "../_shared/document.ts";

/** How many readers share the work. */
const readers = 3;

/** One document for one reader. */
export interface PlannedTask {
  taskId: string;
  agentId: string;
  document: DocumentRef;
}

/** The same path with the same content is the same task, whoever plans it and whenever. */
export function taskIdOf(document: DocumentRef): string {
  return `task-${digestOf(`${document.path}\0${document.digest ?? ""}`).slice(0, 12)}`;
}

/** Deals the documents out to the readers in turn, by path, so that the same folder always gives the same plan. */
export function plan(documents: readonly DocumentRef[]): PlannedTask[] {
  const sorted = documents.toSorted((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
  return sorted.map((document, index) => ({
    taskId: taskIdOf(document),
    agentId: `reader-${(index % readers) + 1}`,
    document,
  }));
}
