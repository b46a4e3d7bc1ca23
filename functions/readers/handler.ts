import { type EventOf, type Handler, NonRetriableError } from "wagglebus";
import { contentTag, parseDocument } from "../_shared/document.ts";
import { readClaims } from "./claims.ts";
import { findHolder } from "./conflict.ts";
import { BrokenDocumentError, type Reading, readDocument } from "./read-document.ts";
import type subscription from "./subscription.ts";

/** Reads the document of a task and publishes a memory of it, or yields to another reader with the same document. */
const reader: Handler<EventOf<typeof subscription>> = async (event, { attempt, bus, log, redriven, signal }) => {
  const { taskId, agentId = "reader-1" } = event.data;
  const document = parseDocument(event.data.input);
  if (document === undefined) {
    throw new NonRetriableError(`task ${taskId}: data.input.path must be the path of a document`);
  }
  const { path } = document;
  const reading = await read(path, signal);

  // The keys contain the digest: a file that changed between two runs of a delivery is new content, not a conflict.
  const { digest } = reading;
  const tags = [contentTag(digest)];
  const from = (key: string) => ({ source: agentId, dedupe: `${key} ${digest}`, metadata: { agentId, tags } });

  const claims = await readClaims(bus, digest, { assigned: event, attempt, redriven });
  const holder = await findHolder(taskId, claims, async (claim) => {
    return (await read(claim.path, signal).catch(() => undefined))?.digest === digest;
  });
  if (holder !== undefined) {
    const resolution = `${agentId} yields: ${holder.agentId} has the same content as ${holder.path}`;
    log.info(resolution, { path });
    await bus.emit.task.conflict.detected(
      { resource: path, taskIds: [holder.taskId, taskId], agentIds: [holder.agentId, agentId], resolution },
      from("conflict"),
    );
    const result = { path, digest, gaveWayTo: holder.taskId, sameAs: holder.path };
    await bus.emit.task.completed({ taskId, agentId, result }, from("yielded"));
    return;
  }

  const memoryId = `memory-${digest.slice(0, 12)}`;
  const { text, title, summary, truncated, words, bytes } = reading;
  const filters = { path, digest, taskId, title, words, bytes, truncated };
  // `summary` is the crew's own field.
  const memory = { memoryId, agentId, content: text, summary, filters };
  // Concurrent publishes share a commit.
  await Promise.all([
    bus.emit.memory.created(memory, from("memory")),
    bus.emit.task.completed({ taskId, agentId, result: { path, digest, memoryId, title, words } }, from("completed")),
  ]);
};

export default reader;

/** Reads a document. A broken document stays broken until someone fixes it, so the error is not retriable. */
async function read(path: string, signal: AbortSignal): Promise<Reading> {
  try {
    return await readDocument(path, signal);
  } catch (thrown) {
    if (thrown instanceof BrokenDocumentError) throw new NonRetriableError(thrown.message, { cause: thrown });
    throw thrown;
  }
}
