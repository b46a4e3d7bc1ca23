import type { DeadLetter, Failure } from "../engine/delivery.ts";
import type { DeadLetterQuery } from "../engine/queries.ts";
import type { DeadLetters } from "./dead-letters.ts";

/** Dead letters of one subscription that failed for the same reason. */
export interface DeadLetterGroup {
  /** Absent where the events could not be published. */
  readonly subscription?: string;
  /** The code of the reason. */
  readonly code: Failure["code"];
  /** The first line of the reason; of what differs from letter to letter, numbers and ids, only `…` is left. */
  readonly message: string;
  /** How many of those that were looked at. */
  readonly count: number;
  /** The types of their events, at most 10. */
  readonly types: readonly string[];
  /** RFC 3339: when the first of them died. */
  readonly oldestAt: string;
  /** RFC 3339: when the last of them died. */
  readonly newestAt: string;
  /** Their ids, newest first. */
  readonly ids: readonly string[];
}

/** What was found. */
export interface DeadLetterGroups {
  /** The largest first. */
  readonly groups: DeadLetterGroup[];
  /** Dead letters that were looked at, the newest: at most 1,000. */
  readonly looked: number;
  /** Whether there are more. */
  readonly more: boolean;
}

/** The most dead letters that are looked at. */
const most = 1_000;
/** Read at a time: each carries its whole event. */
const pageSize = 100;
const mostTypes = 10;
const mostMessage = 300;

/** What a group is made of, without the events. */
interface Entry {
  readonly id: string;
  readonly subscription: string | undefined;
  readonly code: Failure["code"];
  readonly message: string;
  readonly type: string;
  readonly deadAt: string;
}

/** Groups the newest dead letters by subscription and reason. */
export async function groupDeadLetters(
  store: Pick<DeadLetters, "list">,
  query: DeadLetterQuery = {},
): Promise<DeadLetterGroups> {
  const entries: Entry[] = [];
  let cursor: string | undefined;
  do {
    const page = await store.list({ ...query, limit: pageSize, ...(cursor === undefined ? {} : { cursor }) });
    entries.push(...page.deadLetters.map(entryOf));
    cursor = page.cursor;
  } while (cursor !== undefined && entries.length < most);
  const byReason = Map.groupBy(entries, ({ code, message, subscription = "" }) =>
    JSON.stringify([subscription, code, message]),
  );
  const groups = [...byReason.values()].flatMap(groupOf).sort((a, b) => b.count - a.count);
  return { groups, looked: entries.length, more: cursor !== undefined };
}

function entryOf({ deadAt, event, id, reason, subscription }: DeadLetter): Entry {
  return { id, subscription, code: reason.code, message: kindOf(reason.message), type: event.type, deadAt };
}

/** `entries`: newest first. */
function groupOf(entries: readonly Entry[]): DeadLetterGroup[] {
  const [newest] = entries;
  const oldest = entries.at(-1);
  if (newest === undefined || oldest === undefined) return [];
  const { code, message, subscription } = newest;
  return [
    {
      ...(subscription === undefined ? {} : { subscription }),
      code,
      message,
      count: entries.length,
      types: [...new Set(entries.map(({ type }) => type))].slice(0, mostTypes),
      oldestAt: oldest.deadAt,
      newestAt: newest.deadAt,
      ids: entries.map(({ id }) => id),
    },
  ];
}

/** What messages of one reason have in common: `task 12 was not found` and `task 13 was not found` are one reason. */
export function kindOf(message: string): string {
  const [line = ""] = message.split("\n", 1);
  return line
    .slice(0, mostMessage)
    .replace(/\b[0-9a-f]{8}-[0-9a-f-]{27}\b/gi, "…")
    .replace(/\d+([.,:]\d+)*/g, "…");
}
