import * as z from "zod";
import type { Engine } from "../engine/engine.ts";
import type { ErasureCounts, ErasureSelection } from "../engine/erasure.ts";
import type { Entry } from "../engine/event-log.ts";
import { BusError } from "../error/bus-error.ts";
import type { Event } from "../event/event.ts";
import { lazy } from "../event/lazy.ts";
import { formatTime } from "../event/time.ts";
import { parseCallOptions } from "../runtime/call-options.ts";
import type { Clock } from "../runtime/clock.ts";

/** How {@link Bus.erase} erases. */
export interface EraseOptions {
  /** Only counts what would be erased. Default false. */
  dryRun?: boolean;
  /** Why, such as the number of a request; at most 1,000 characters. It goes into the event that proves the erasure. */
  reason?: string;
}

/** What was erased, and the proof of it. */
export interface ErasureReport extends ErasureCounts {
  /** RFC 3339: when. */
  readonly at: string;
  /** The event `system.data.erased`, which has all of this; absent where `dryRun`. */
  readonly event?: Event;
}

/** What an erasure needs of its bus. */
export interface EraseDependencies {
  readonly engine: Pick<Engine, "name" | "erasure">;
  readonly clock: Clock;
  readonly nextId: () => string;
  readonly source: string | undefined;
  publish(entry: Entry): Promise<Event>;
}

const id = z.string().min(1).max(512);
const selectionSchema = lazy(() =>
  z.strictObject({
    userId: id.exactOptional(),
    correlationId: id.exactOptional(),
    ids: z.array(z.string().min(1).max(128)).min(1).max(10_000).exactOptional(),
  }),
);
const optionsSchema = lazy(() =>
  z.strictObject({ dryRun: z.boolean().exactOptional(), reason: z.string().max(1_000).exactOptional() }),
);

/** See {@link Bus.erase}. */
export async function erase(
  { clock, engine, nextId, publish, source = "waggle" }: EraseDependencies,
  given: unknown,
  options: unknown = {},
): Promise<ErasureReport> {
  const selection = selectionOf(given);
  const { dryRun = false, reason } = parseCallOptions("erase", optionsSchema(), options);
  if (engine.erasure === undefined) {
    throw new BusError(
      "invalid_config",
      `erase: the ${engine.name} engine cannot erase what it has stored; delete it there, or let its retention end`,
    );
  }
  const at = formatTime(clock.now());
  const counts = await engine.erasure.erase(selection, { at, dryRun });
  if (dryRun) return { at, ...counts };
  const { ids, ...named } = selection;
  const data = {
    ...named,
    ...(ids === undefined ? {} : { ids: ids.length }),
    ...counts,
    at,
    ...(reason === undefined ? {} : { reason }),
  };
  const proofId = nextId();
  const proof: Event = Object.freeze({
    id: proofId,
    type: "system.data.erased",
    source,
    time: at,
    data: Object.freeze(data),
    metadata: Object.freeze({ version: 1, correlationId: proofId, priority: 5 }),
  });
  return { at, ...counts, event: await publish({ event: proof, ownId: false, history: true, inHandler: false }) };
}

function selectionOf(given: unknown): ErasureSelection {
  const { correlationId, ids, userId } = parseCallOptions("erase", selectionSchema(), given);
  const chosen: ErasureSelection[] = [
    ...(userId === undefined ? [] : [{ userId }]),
    ...(correlationId === undefined ? [] : [{ correlationId }]),
    ...(ids === undefined ? [] : [{ ids }]),
  ];
  const [selection, another] = chosen;
  if (selection === undefined || another !== undefined) {
    throw new BusError("invalid_config", "erase: the selection must have exactly one of userId, correlationId and ids");
  }
  return selection;
}
