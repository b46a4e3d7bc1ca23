import type { Bus, Event } from "wagglebus";
import { contentTag, isRecord } from "../_shared/document.ts";
import type { Claim } from "./conflict.ts";

/** Who was given a content to read, or has read it, oldest first. */
export async function readClaims(bus: Pick<Bus, "history">, digest: string): Promise<Claim[]> {
  const claims: Claim[] = [];
  let cursor: string | undefined;
  do {
    const page = await bus.history.query({
      type: ["task.assigned", "memory.created"],
      tag: contentTag(digest),
      limit: 1_000,
      ...(cursor === undefined ? {} : { cursor }),
    });
    claims.push(...page.events.map(toClaim).filter((claim) => claim !== undefined));
    cursor = page.cursor;
  } while (cursor !== undefined);
  return claims.reverse();
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
