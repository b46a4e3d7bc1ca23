import type { Event } from "../event.ts";
import { attributeOf, tagPrefix } from "./attributes.ts";

/** An event as a CloudEvent 1.0 in JSON; what {@link fromStructured} made of one gives its attributes again. */
export function toCloudEvent(event: Event): Record<string, unknown> {
  const { id, type, source, time, data, metadata } = event;
  const known: Readonly<Record<string, string>> = attributeOf;
  const extensions = Object.entries(metadata).flatMap(([field, value]): [string, unknown][] => {
    const attribute = known[field];
    return attribute === undefined ? [] : [[attribute, value]];
  });
  const kept = (metadata.tags ?? []).flatMap((tag): [string, string][] => {
    const [, name, value] = /^ce-([a-z0-9]+):(.*)$/s.exec(tag) ?? [];
    return name === undefined || value === undefined ? [] : [[name, value]];
  });
  const tags = metadata.tags?.filter((tag) => !tag.startsWith(tagPrefix)) ?? [];
  return {
    specversion: "1.0",
    id,
    source,
    type,
    time,
    datacontenttype: "application/json",
    ...Object.fromEntries(extensions),
    // A CloudEvent has no lists: the tags are one text.
    ...(tags.length === 0 ? {} : { tags: tags.join(",") }),
    ...Object.fromEntries(kept),
    data,
  };
}
