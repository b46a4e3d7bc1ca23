import type { Event } from "../event/event.ts";
import { maxTags } from "../event/metadata.ts";

/** The names of the two buses of a link, as the path of an event has them. */
export interface LinkPath {
  /** The bus that events are taken from. */
  readonly from: string;
  /** The bus that they go to. */
  readonly to: string;
}

/** What the tags that make a path begin with. */
const prefix = "waggle-via:";

/** Whether an event has been on a bus that names itself in paths. */
export function hasVisited({ metadata: { tags } }: Event, bus: string): boolean {
  return tags?.includes(prefix + bus) === true;
}

/**
 * The tags of an event that has been on one more bus, in their order. Where it has no room for a further tag they stay as
 * they are: its id ends a loop all the same.
 */
export function tagsVia(tags: readonly string[] | undefined, bus: string): readonly string[] {
  const known = tags ?? [];
  const tag = prefix + bus;
  return known.length >= maxTags || known.includes(tag) ? known : [...known, tag];
}
