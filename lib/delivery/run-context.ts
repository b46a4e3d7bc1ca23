import { AsyncLocalStorage } from "node:async_hooks";
import type { BusError } from "../error/bus-error.ts";
import type { Event } from "../event/event.ts";

/** What a publish inside a handler has to know of it. */
export interface RunContext {
  /** The event being handled, as it was published. */
  readonly event: Event;
  readonly subscription: string;
  /** The replay that its delivery belongs to: then the mark of the event is the replay's. */
  readonly replayId?: string | undefined;
  /** Whether several events are being handled, of which `event` is the first. */
  readonly batch?: boolean;
  /** Why the run may publish no more: its time was up, or its bus closed. */
  readonly aborted: BusError | undefined;
  /** Fires with `aborted`: what the run waits for ends then. */
  readonly signal: AbortSignal;
  /**
   * Has the run wait for a publish before it is settled, and fail with it. One that fails earlier counts unless the handler
   * has asked about it, which `isObserved` says.
   */
  track(publish: Promise<unknown>, isObserved?: () => boolean): void;
}

declare global {
  var wagglebusRunContext: AsyncLocalStorage<RunContext> | undefined;
}

globalThis.wagglebusRunContext ??= new AsyncLocalStorage<RunContext>();

/**
 * The run that the current code belongs to. One store for the whole process, also where two copies of the package are
 * loaded, so that what a handler publishes by any bus carries its cause.
 */
export const runContext = globalThis.wagglebusRunContext;
