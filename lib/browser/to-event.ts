import { BusError } from "../error/bus-error.ts";
import type { Event } from "../event/event.ts";
import { isObject } from "./requests.ts";

/** An event of an answer. What a server gives has been checked; here it is made sure that it is an event, no more. */
export function toEvent(value: unknown): Event {
  if (isEvent(value)) return value;
  throw new BusError("unavailable", "the server answered with what is no event; is it waggle serve?", {
    retryable: false,
  });
}

function isEvent(value: unknown): value is Event {
  if (!isObject(value) || !isObject(value.metadata)) return false;
  const texts = [value.id, value.type, value.source, value.time, value.metadata.correlationId];
  return texts.every((text) => typeof text === "string");
}
