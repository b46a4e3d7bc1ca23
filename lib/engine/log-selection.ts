import type { Event } from "../event/event.ts";
import { typeMatcher } from "../pattern/type-names.ts";
import type { LogSelection } from "./event-log.ts";

/** The parts of an event by which a {@link LogSelection} selects. */
export interface EventHead extends Pick<Event, "type" | "source"> {
  /** The correlation id. */
  readonly flow: string;
}

/**
 * A test for the events that one of the selections selects; all where they are absent. Its cost does not grow with the
 * number of selections by flow, as thousands that wait for an answer each make one.
 */
export function selectionMatcher(selections: readonly LogSelection[] | undefined): (head: EventHead) => boolean {
  if (selections === undefined) return () => true;
  const byFlow = new Map<string, ((head: EventHead) => boolean)[]>();
  const others: ((head: EventHead) => boolean)[] = [];
  for (const { types, sources, flows } of selections) {
    const isType = types === undefined ? undefined : typeMatcher(types);
    const isSource = sources === undefined ? undefined : new Set(sources);
    const test = ({ type, source }: EventHead) => isType?.(type) !== false && isSource?.has(source) !== false;
    if (flows === undefined) others.push(test);
    for (const flow of new Set(flows)) byFlow.set(flow, [...(byFlow.get(flow) ?? []), test]);
  }
  return (head) => {
    const matches = (test: (head: EventHead) => boolean) => test(head);
    return byFlow.get(head.flow)?.some(matches) === true || others.some(matches);
  };
}
