import type { Event } from "../event/event.ts";
import { checkHistoryQuery } from "../history/check-query.ts";
import { queryTime } from "../runtime/query-time.ts";
import { type AnyBus, openBus } from "./dependencies.ts";
import type { ProjectOptions } from "./projection.ts";
import { readPast } from "./read-past.ts";

/** A state at a moment, and the events between that moment and an earlier one. */
export interface StateChange<State> {
  /** As of `since`. */
  readonly before: State;
  /** As of `until`. */
  readonly after: State;
  /** What changed it, oldest first. */
  readonly events: readonly Event[];
}

/** The state as it was at a time, RFC 3339 or a Date: made of what was accepted before it. Rejects as `project`. */
export async function stateAt<State>(bus: AnyBus, options: ProjectOptions<State>, time: string | Date): Promise<State> {
  return (await stateChange(bus, options, { until: time })).after;
}

/** The states at two times, and what was accepted between them. Rejects as `project`. */
export async function stateChange<State>(
  bus: AnyBus,
  { of, initial, reduce }: ProjectOptions<State>,
  { since, until }: { readonly since?: string | Date; readonly until?: string | Date },
): Promise<StateChange<State>> {
  const { engine } = openBus("stateChange", bus);
  const query = checkHistoryQuery("stateChange", { ...of, ...(until === undefined ? {} : { until }) });
  const from = since === undefined ? undefined : new Date(queryTime(since, "stateChange: since") ?? 0);
  const upTo = await engine.log.position("end");
  const earlier = from === undefined ? undefined : { ...query, until: from };
  let before = initial;
  if (earlier !== undefined) {
    for await (const event of readPast(engine.log, earlier, upTo)) before = reduce(before, event);
  }
  let after = before;
  const events: Event[] = [];
  for await (const event of readPast(engine.log, from === undefined ? query : { ...query, since: from }, upTo)) {
    after = reduce(after, event);
    events.push(event);
  }
  return { before, after, events };
}
