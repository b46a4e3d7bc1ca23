import type { Position } from "../../engine/event-log.ts";
import { BusError } from "../../error/bus-error.ts";
import type { Server } from "../server-context.ts";

/** Rejects with `not_found` where history has not got the event after which a stream of a flow is to go on. */
export async function checkRecorded({ served }: Server, id: string, flow: string): Promise<void> {
  const event = await served.engine.log.get(id);
  if (event?.metadata.correlationId === flow) return;
  throw new BusError(
    "not_found",
    "the stream cannot go on from there: history has not got what it sent last; begin again without Last-Event-ID",
  );
}

/** Before the first event of a flow; where there is none yet, the end. */
export async function startOfFlow({ served }: Server, flow: string): Promise<Position> {
  const { log } = served.engine;
  const find = async () => (await log.query({ correlationId: flow }, { limit: 1, order: "oldest" })).events[0];
  const found = await find();
  if (found !== undefined) return log.position({ time: found.acceptedAt });
  const end = await log.position("end");
  // What was published meanwhile lies before that end.
  const late = await find();
  return late === undefined ? end : log.position({ time: late.acceptedAt });
}
