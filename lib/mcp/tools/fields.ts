import * as z from "zod";
import { BusError } from "../../error/bus-error.ts";
import type { Event } from "../../event/event.ts";
import type { ToolContext } from "../tool.ts";

/** Seconds that a call waits at most: many clients give up after a minute. */
export const longestWait = 50;

export const id = z.string().min(1).max(128);
export const text = z.string().min(1).max(256).exactOptional();
export const time = z.string().min(1).max(64);
export const types = z
  .array(z.string().min(1).max(128))
  .min(1)
  .max(50)
  .describe("Types of events; `*` stands for any characters.");
export const where = z
  .record(z.string(), z.unknown())
  .exactOptional()
  .describe('An EventBridge pattern over the event, such as {"data": {"taskId": ["t1"]}}.');
export const limit = z.int().min(1).max(100).default(20);
export const cursor = z.string().min(1).max(4_096).exactOptional().describe("The cursor of the page before.");

/** An event that is in history and that the caller may see. Rejects with `not_found`. */
export async function recorded({ bus, access }: ToolContext, eventId: string): Promise<Event> {
  const event = await bus.history.get(eventId);
  if (event !== undefined && access.sees(event)) return event;
  throw new BusError(
    "not_found",
    `event ${eventId} is not in history: it was never recorded, or its retention has ended`,
  );
}
