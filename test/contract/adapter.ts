import type { Bus } from "../../lib/bus/bus.ts";
import type { Feature } from "../../lib/bus/engine.ts";
import type { RegisteredEvents } from "../../lib/bus/register.ts";
import type { ConnectOptions } from "../../lib/connect/index.ts";
import type { Probe } from "./probe.ts";
import type { SubscriptionName } from "./subscriptions.ts";

/** What an engine may lack, besides {@link Feature}: processes of its own that a case can start and kill. */
export type ContractFeature = Feature | "crash";

/** What a case may choose of a bus; where it is and what carries it is the adapter's. */
export type BusOptions = Pick<
  ConnectOptions<RegisteredEvents>,
  "catalog" | "clock" | "grace" | "logger" | "onError" | "rateLimit" | "retention" | "source"
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

/** A place that is ready for cases: what they share. */
export interface Ground {
  readonly probe: Probe;
  /** A bus of its own in this process; all of a ground reach the same events where the engine has "multi-process". */
  connect(options: BusOptions): Promise<Bus>;
  /** Present where the engine has "crash". Resolves when it consumes. */
  startWorker?(names: readonly SubscriptionName[]): Promise<Worker>;
  close(): Promise<void>;
}

/** All that the suite has to know of an engine. */
export interface Adapter {
  readonly name: string;
  /** What it cannot do. The suite checks that this is the whole truth. */
  readonly lacks: ReadonlySet<ContractFeature>;
  /** By how much every duration of a case is stretched; 1 on one machine. */
  readonly timeScale: number;
  /** Makes a ground where the subscriptions of the suite can be consumed. */
  prepare(): Promise<Ground>;
}
