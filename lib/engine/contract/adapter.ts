import type { Bus } from "../../bus/bus.ts";
import type { RegisteredEvents } from "../../bus/register.ts";
import type { ConnectOptions } from "../../connect/index.ts";
import type { Capability } from "../capabilities.ts";
import type { Recorder } from "./recorder.ts";
import type { SubscriptionName } from "./subscriptions.ts";

/**
 * A feature that an engine may lack: a {@link Capability}, or one of these:
 * - `crash`: processes of its own that a case can start and kill.
 * - `ownership`: a delivery stays with its process until that is gone, however long it stands still.
 * - `local-consumers`: who subscribes to a named subscription runs its handler, and can pause it, count it and close it. Where
 *   deployed functions run the handlers, `consume` of a case has nothing to do.
 * - `runtime-subscriptions`: named subscriptions are made, changed and deleted by who uses the bus, not by a deployment.
 * - `visible-unnamed`: an unnamed subscription of one bus is listed by the others.
 * - `shared-concurrency`: all consumers of a subscription together keep to its concurrency.
 * - `parallel-runs`: a subscription's concurrency is used.
 * - `keys-apart`: of an ordered subscription, one key does not wait for another.
 * - `ordered-backlog`: of an ordered subscription, what was fetched and has to wait for its key is not overtaken.
 * - `queue-age`: it is known for how long the oldest delivery has waited.
 * - `all-outcomes`: it is known how replays ended, and what was dropped without a run, and not only the last end of an event's own
 *   delivery.
 * - `known-ids`: publish knows an id that was published before, and says whether it is a duplicate or a conflict.
 */
export type ContractFeature =
  | Capability
  | "crash"
  | "ownership"
  | "local-consumers"
  | "runtime-subscriptions"
  | "visible-unnamed"
  | "shared-concurrency"
  | "parallel-runs"
  | "keys-apart"
  | "ordered-backlog"
  | "queue-age"
  | "all-outcomes"
  | "known-ids";

/** What a case may choose of a bus; where it is and what carries it is the adapter's. */
export type BusOptions = Pick<
  ConnectOptions<RegisteredEvents>,
  "catalog" | "clock" | "grace" | "logger" | "onError" | "source" | "use"
>;

/** What the unnamed subscription of a worker listens to. */
export const unnamedInWorker = "custom.contract.unnamed_in_worker";

/** A separate process that runs scripted handlers, and that also has an unnamed subscription. */
export interface Worker {
  /** Its process id. */
  readonly pid: number;
  /** As `kill -9` does; resolves when it is gone. Also where it is gone already. */
  kill(): Promise<void>;
  /**
   * Stops it, as Ctrl-Z does, between two steps of its own: in the middle of one it would keep what it has locked from everybody.
   * Resolves once it stands still.
   */
  freeze(): Promise<void>;
  /** Lets it go on. */
  thaw(): void;
}

/** What a case has done until now, by which an environment tells whether anything of it is under way. */
export interface CaseActivity {
  /** The correlation id of what the case publishes. */
  readonly flow: string;
  /** What the case itself published and history keeps, by id. */
  readonly recorded: readonly string[];
  /** The subscriptions that the case consumes. */
  readonly consumed: readonly SubscriptionName[];
  /** The buses that the case opened. */
  readonly buses: readonly Bus[];
  /** Milliseconds without any progress after which to give up. */
  readonly withinMs: number;
}

/** Where cases run: what they share. */
export interface Environment {
  /** Where scripted handlers report to. */
  readonly recorder: Recorder;
  /**
   * Opens a bus of its own in this process. All buses of an environment reach the same events where the engine has
   * "multi-process". Where it is "durable", a bus opened `after` another one, which is closed by then, reaches what that left.
   */
  connect(options: BusOptions, after?: Bus): Promise<Bus>;
  /** Starts a process that consumes subscriptions; resolves when it does. Present where the engine has "crash". */
  startWorker?(names: readonly SubscriptionName[]): Promise<Worker>;
  /** Resolves when nothing that the case began is under way. Present where the engine lacks "settled". */
  quiet?(activity: CaseActivity): Promise<void>;
  /** Forgets what the last case left. Present where subscriptions are deployed once for all cases. */
  clear?(): Promise<void>;
  /** Ends processes and removes what was made for the suite. Called once, after the last case. */
  close(): Promise<void>;
}

/** What an engine declares to the suite. */
export interface Declaration {
  /** For the titles of the tests. */
  readonly name: string;
  /**
   * What it cannot do; default: nothing. The suite tries each feature, and compares the list with the engine's own
   * `capabilities`.
   */
  readonly lacks?: readonly ContractFeature[];
  /** The cases that these features leave out, as "topic: title"; a case more or a case less fails. Default: none. */
  readonly leftOut?: readonly string[];
  /** Lacking features that are there by chance now and then, so that no check can tell. */
  readonly unproven?: readonly ContractFeature[];
  /** By how much every duration of a case is stretched; default 1, for one machine. */
  readonly timeScale?: number;
}

/** Runs the suite in an environment of the engine's own: other processes, a server, a cloud. */
export interface ContractAdapter extends Declaration {
  /** Makes an environment where the subscriptions of the suite can be consumed. Called once. */
  prepare(): Promise<Environment>;
}
