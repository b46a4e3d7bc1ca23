import * as z from "zod";
import { contentDigest } from "../../../engine/content-digest.ts";
import { idConflict } from "../../../engine/errors.ts";
import type { Appended } from "../../../engine/event-log.ts";
import { sameContent } from "../../../engine/same-content.ts";
import { type BusError, toBusError } from "../../../error/bus-error.ts";
import { parseEvent } from "../storage/rows.ts";
import type { Publish } from "./append-request.ts";

const pairs = z
  .array(z.tuple([z.number(), z.number()]))
  .nullish()
  .transform((list) => list ?? []);

/** What `append` says. */
const resultSchema = z.object({
  /** When they were accepted. */
  now: z.number(),
  /** Number in the group and position of each that is new. */
  events: pairs,
  /** Number in the group and subscription of each delivery that the caller has claimed. */
  claimed: pairs,
  /** Subscriptions that have more to deliver now. */
  queued: z
    .array(z.number())
    .nullish()
    .transform((list) => list ?? []),
  /** Subscriptions that have something to deliver in so many milliseconds. */
  due: pairs,
  /** Events that were stored before under the id that the caller gave. */
  known: z.array(z.object({ n: z.number(), body: z.string().nullable(), digest: z.string().optional() })),
});

export type AppendResult = z.infer<typeof resultSchema>;
type Known = AppendResult["known"][number];

/** `undefined` where the events were routed by an epoch that is over. */
export function parseAppended(value: unknown): AppendResult | undefined {
  return z.object({ stale: z.literal(true) }).safeParse(value).success ? undefined : resultSchema.parse(value);
}

/** Whether nothing was taken over, as the feed stands elsewhere. */
export function hasMoved(value: unknown): boolean {
  return z.object({ moved: z.literal(true) }).safeParse(value).success;
}

/** What became of each publish of a group, in its order. */
export function outcomes(publishes: readonly Publish[], { known }: AppendResult): (Appended | BusError)[] {
  const byNumber = new Map(known.map((one) => [one.n, one]));
  const results: (Appended | BusError)[] = [];
  for (const [n, { entry }] of publishes.entries()) {
    const stored = byNumber.get(n);
    results.push(
      stored === undefined ? { event: entry.event, duplicate: false } : again(stored, n, publishes, results),
    );
  }
  return results;
}

function again(
  { body, digest }: Known,
  n: number,
  publishes: readonly Publish[],
  results: readonly (Appended | BusError)[],
): Appended | BusError {
  const event = publishes[n]?.entry.event;
  if (event === undefined) return toBusError(new Error(`append answered for event ${n}, which is not of the group`));
  // The first of the same id in this group is not found by its text yet.
  const first = publishes.findIndex(({ entry }) => entry.event.id === event.id);
  const before = body === null && first < n ? results[first] : undefined;
  if (before !== undefined && "event" in before) {
    return sameContent(before.event, event) ? { event: before.event, duplicate: true } : idConflict(event);
  }
  if (body === null) return digest === contentDigest(event) ? { event, duplicate: true } : idConflict(event);
  try {
    const stored = parseEvent(body);
    return sameContent(stored, event) ? { event: stored, duplicate: true } : idConflict(event);
  } catch (thrown) {
    // The stored one cannot be read: this publish fails, and the others of its group go on.
    return toBusError(thrown);
  }
}
