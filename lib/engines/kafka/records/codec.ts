import type { Event } from "../../../event/event.ts";
import type { RecordFormat } from "../settings.ts";
import { cloudEventHeaders, cloudEventValue } from "./cloud-event.ts";
import { toEnvelope } from "./envelope.ts";

/** How a record is written. */
export interface Codec {
  /** The text of its value. */
  value(event: Event): string;
  /** Its headers, besides the mark of Waggle. */
  headers(event: Event): readonly (readonly [name: string, value: string])[];
}

const none: readonly (readonly [string, string])[] = [];

export const codecs: Readonly<Record<RecordFormat, Codec>> = {
  envelope: { value: toEnvelope, headers: () => none },
  cloudevents: { value: cloudEventValue, headers: cloudEventHeaders },
};
