import type { Bus } from "../bus/bus.ts";
import { NonRetriableError } from "../delivery/handler-errors.ts";
import { type RunContext, runContext } from "../delivery/run-context.ts";
import { toBusError } from "../error/bus-error.ts";
import type { Draft, Event } from "../event/event.ts";
import { type LinkPath, tagsVia } from "./event-path.ts";

/**
 * Publishes an event on another bus as it was published on its own: as an event that is there already, and not as one that the
 * handler causes. What the bus refuses for good is not tried again. Rejects as `publish`.
 */
export async function republish(to: Pick<Bus<Record<string, unknown>>, "publish">, run: RunContext, path?: LinkPath) {
  const { event } = run;
  const publish = () => to.publish(draftOf(event, path));
  try {
    const mark = run.replayId === undefined ? event.metadata.replay : undefined;
    // A new event that the handler of a replayed one published keeps its mark: only a cause can give it.
    await (mark === undefined ? runContext.exit(publish) : runContext.run(markingRun(run, mark), publish));
  } catch (thrown) {
    const error = toBusError(thrown);
    if (error.retryable || error.code === "closed" || error.code === "aborted") throw error;
    throw new NonRetriableError(`the target refuses it, ${error.code}: ${error.message}`, { cause: error });
  }
}

/** The same event, as a publisher may give it. */
function draftOf({ id, type, source, time, data, metadata }: Event, path: LinkPath | undefined): Draft {
  const { replay: _, ...kept } = metadata;
  const given = { ...kept, hops: kept.hops ?? 0 };
  return {
    id,
    type,
    source,
    time,
    data,
    metadata: path === undefined ? given : { ...given, tags: tagsVia(metadata.tags, path.from) },
  };
}

/** A run whose event has nothing to hand on but the mark: all else the draft says. */
function markingRun(run: RunContext, replay: { readonly id: string }): RunContext {
  const { version, correlationId, priority } = run.event.metadata;
  const event = { ...run.event, metadata: { version, correlationId, priority, replay } };
  return {
    event,
    subscription: run.subscription,
    aborted: run.aborted,
    signal: run.signal,
    track: () => {},
  };
}
