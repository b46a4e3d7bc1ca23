import { BusError } from "../error/bus-error.ts";
import { shortForm } from "../error/short-form.ts";
import { copyJson } from "./copy-json.ts";
import type { EventDefinition, OlderVersion } from "./definition.ts";
import type { Event } from "./event.ts";
import { checkData } from "./validate.ts";

/** Returns an event of an older version in the newest version, frozen. See `Catalog.upcast`. */
export function upcastEvent(event: Event, definition: EventDefinition): Event {
  const { version } = event.metadata;
  const steps = definition.older.filter((older) => older.version >= version);
  if (steps[0]?.version !== version) throw unknownVersion(event, definition);
  const data = copyJson(steps.reduce((data: unknown, step) => runUpcast(step, data, event), event.data));
  checkData(definition.schema, data, event);
  return Object.freeze({ ...event, data, metadata: Object.freeze({ ...event.metadata, version: definition.version }) });
}

function runUpcast(step: OlderVersion, data: unknown, event: Event): unknown {
  try {
    // Only the definition knows the type of the argument.
    return Reflect.apply(step.upcast, undefined, [data]);
  } catch (cause) {
    throw new BusError(
      "invalid_event",
      `the upcast of ${event.type} from version ${step.version} threw on event ${event.id}: ${shortForm(cause)}`,
      { cause, details: { type: event.type, id: event.id, version: step.version } },
    );
  }
}

function unknownVersion(event: Event, definition: EventDefinition): BusError {
  const known = [...definition.older.map((older) => older.version), definition.version].join(", ");
  return new BusError(
    "invalid_event",
    `event ${event.id} (${event.type} from ${event.source}) has version ${event.metadata.version}, but the definition has ${known}; ` +
      "add that version to its `older`, or update the definition",
    { details: { type: event.type, id: event.id, version: event.metadata.version } },
  );
}
