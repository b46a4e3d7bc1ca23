import type { Entry } from "../engine/event-log.ts";
import type { BusError } from "../error/bus-error.ts";
import type { Draft, Event } from "../event/event.ts";
import { isRecord } from "../runtime/is-record.ts";
import type { DraftPublishOptions } from "./options.ts";

/** The field of a bus by which an outbox publishes in two steps. It is of no type that callers see. */
export const publishLater = Symbol.for("wagglebus.publish-later");

/** A publish in two steps: first the event, as it is in the end, then its way into the log. */
export interface PublishLater {
  /** Validates a draft and gives it id, flow and cause. Throws as `publish` rejects. */
  prepare(draft: Draft, options: DraftPublishOptions | undefined): Entry;
  /** Hands it on through the middleware. Rejects as `publish` does. */
  append(entry: Entry): Promise<Event>;
  /** Is told of what nobody waits for. */
  onError(error: BusError): void;
}

/** The two steps of a bus; `undefined` for what is none. */
export function publishLaterOf(bus: unknown): PublishLater | undefined {
  if (typeof bus !== "object" || bus === null) return undefined;
  const steps: unknown = Reflect.get(bus, publishLater);
  return isPublishLater(steps) ? steps : undefined;
}

function isPublishLater(steps: unknown): steps is PublishLater {
  return isRecord(steps) && ["prepare", "append", "onError"].every((name) => typeof steps[name] === "function");
}
