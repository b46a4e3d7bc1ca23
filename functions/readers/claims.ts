import type { Bus, Event } from "wagglebus";
import { contentTag, isRecord } from "../_shared/document.ts";
import { findAll, notRecordedYet } from "../_shared/history.ts";
import type { Claim } from "./conflict.ts";

/**
 * Returns the tasks that were assigned to read a content or have read it, oldest first. `assigned` is the event of the calling
 * task. If it has the tag of the content, it must be in history: without it, each of two readers could yield to the other.
 * For a redriven task history may no longer keep it.
 */
export async function readClaims(
  bus: Pick<Bus, "history">,
  digest: string,
  { assigned, attempt, redriven }: { assigned: Event; attempt: number; redriven: boolean },
): Promise<Claim[]> {
  const tag = contentTag(digest);
  const events = await findAll(bus.history, { type: ["task.assigned", "memory.created"], tag });
  const expected = !redriven && assigned.metadata.tags?.includes(tag) === true;
  if (expected && !events.some(({ id }) => id === assigned.id)) {
    throw notRecordedYet(`${assigned.type} ${assigned.id}`, attempt);
  }
  return events.map(toClaim).filter((claim) => claim !== undefined);
}

function toClaim({ type, data }: Event): Claim | undefined {
  if (!isRecord(data)) return undefined;
  const read = type === "memory.created";
  const about = read ? data.filters : data.input;
  const taskId = read && isRecord(about) ? about.taskId : data.taskId;
  if (!isRecord(about) || typeof about.path !== "string") return undefined;
  if (typeof taskId !== "string" || typeof data.agentId !== "string") return undefined;
  return { taskId, agentId: data.agentId, path: about.path, read };
}
