import type { Bus } from "../../lib/bus/bus.ts";
import type { RegisteredEvents } from "../../lib/bus/register.ts";
import type { ConnectOptions } from "../../lib/connect/index.ts";
import type { Capability } from "../../lib/engine/capabilities.ts";
import type { Probe } from "./probe.ts";
import type { SubscriptionName } from "./subscriptions.ts";

/**
 * What an engine may lack, besides {@link Capability}:
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
  | "known-ids";

/** What a case may choose of a bus; where it is and what carries it is the adapter's. */
export type BusOptions = Pick<
  ConnectOptions<RegisteredEvents>,
  "catalog" | "clock" | "grace" | "logger" | "onError" | "retention" | "source" | "use"
>;

/** What the unnamed subscription of a worker listens to. */
export const unnamedInWorker = "custom.contract.unnamed_in_worker";

/** A process of its own that runs scripted handlers, and that has an unnamed subscription besides. */
export interface Worker {
  readonly pid: number;
  /** As `kill -9` does; resolves when it is gone. Also where it is gone already. */
  kill(): Promise<void>;
  /** Stops it as Ctrl-Z does, and has it go on. */
  freeze(): void;
  thaw(): void;
}

/** What a case has done until now, by which a ground tells whether anything of it is under way. */
export interface Doings {
  readonly flow: string;
  /** What the case itself published and history keeps, by id. */
  readonly recorded: readonly string[];
  readonly consumed: readonly SubscriptionName[];
  readonly buses: readonly Bus[];
  readonly withinMs: number;
}

/** A place that is ready for cases: what they share. */
export interface Ground {
  readonly probe: Probe;
  /** A bus of its own in this process; all of a ground reach the same events where the engine has "multi-process". */
  connect(options: BusOptions): Promise<Bus>;
  /** Present where the engine has "crash". Resolves when it consumes. */
  startWorker?(names: readonly SubscriptionName[]): Promise<Worker>;
  /** Present where the engine lacks "settled": resolves when nothing that the case began is under way. */
  quiet?(doings: Doings): Promise<void>;
  /** Present where subscriptions are deployed once for all cases: forgets what the last case left in them. */
  clear?(): Promise<void>;
  close(): Promise<void>;
}

/** All that the suite has to know of an engine. */
export interface Adapter {
  readonly name: string;
  /** What it cannot do. The suite checks that this is the whole truth. */
  readonly lacks: ReadonlySet<ContractFeature>;
  /** What it does not promise and yet happens to keep, so that no check can tell. */
  readonly unproven?: ReadonlySet<ContractFeature>;
  /** By how much every duration of a case is stretched; 1 on one machine. */
  readonly timeScale: number;
  /** Makes a ground where the subscriptions of the suite can be consumed. */
  prepare(): Promise<Ground>;
}
