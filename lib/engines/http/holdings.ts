import type { Delivery, Outcome } from "../../engine/delivery.ts";
import type { ClientConsumer } from "./client-consumer.ts";

/** A delivery that runs in this process. */
interface Running {
  /** What the server knows it by; `undefined` once the server has lost the session. */
  receipt: string | undefined;
  readonly key: string;
  readonly consumer: ClientConsumer;
}

/** How a run of this process has ended. */
export interface RunEnd {
  readonly outcome: Outcome;
  /** Milliseconds for which the handler ran; absent where it did not. */
  readonly ranMs?: number;
}

/** The end of a run that the server is to be told. */
export interface UntoldOutcome {
  readonly receipt: string;
  readonly end: RunEnd;
  /** Absent where no run of this process has it. */
  readonly key?: string;
  readonly resolve: () => void;
}

/** Outcomes that no server took are kept for so many deliveries. */
const keptOutcomes = 10_000;

const released: RunEnd = { outcome: { kind: "released" } };

/**
 * What this process holds of the server's deliveries. Where the server loses the session, a run goes on: its delivery comes again,
 * and the run stands for it, so that attempts never overlap, nor is it run again after it has ended.
 */
export class Holdings {
  readonly #running = new Map<Delivery, Running>();
  readonly #byReceipt = new Map<string, Delivery>();
  /** Runs whose receipt is lost, by what they run. */
  readonly #orphans = new Map<string, Running>();
  /** Outcomes of such runs. */
  readonly #kept = new Map<string, RunEnd>();
  #untold: UntoldOutcome[] = [];

  /** Deliveries that run, or whose outcome is untold. */
  get size(): number {
    return this.#running.size + this.#untold.length;
  }

  get hasOutcomes(): boolean {
    return this.#untold.length > 0;
  }

  /** A delivery has come. `deliver`: it is to be run; else it stands for a run of this process, or goes back. */
  take(receipt: string, delivery: Delivery, consumer: ClientConsumer | undefined, free: boolean): "deliver" | "taken" {
    if (this.#byReceipt.has(receipt)) return "taken";
    const key = keyOf(delivery);
    const orphan = this.#orphans.get(key);
    const kept = this.#kept.get(key);
    if (orphan !== undefined) {
      this.#orphans.delete(key);
      orphan.receipt = receipt;
    } else if (kept !== undefined) {
      this.#kept.delete(key);
      this.#untold.push({ receipt, end: kept, key, resolve: () => {} });
    } else if (consumer === undefined || !free) this.#untold.push({ receipt, end: released, resolve: () => {} });
    else {
      this.#running.set(delivery, { receipt, key, consumer });
      this.#byReceipt.set(receipt, delivery);
      consumer.held += 1;
      return "deliver";
    }
    return "taken";
  }

  /** A run has ended. Resolves once the server was told, or has lost the delivery. */
  settle(delivery: Delivery, end: RunEnd): Promise<void> {
    const running = this.#running.get(delivery);
    if (running === undefined) return Promise.resolve();
    const { receipt, key, consumer } = running;
    this.#running.delete(delivery);
    consumer.held -= 1;
    if (receipt === undefined) {
      this.#orphans.delete(key);
      this.#keep(key, end);
      return Promise.resolve();
    }
    this.#byReceipt.delete(receipt);
    return new Promise((resolve) => this.#untold.push({ receipt, end, key, resolve }));
  }

  takeOutcomes(): UntoldOutcome[] {
    return this.#untold.splice(0, 256);
  }

  /** The server was told; what it does not know comes again. */
  told(outcomes: readonly UntoldOutcome[], unknown: ReadonlySet<string>): void {
    for (const { receipt, end, key, resolve } of outcomes) {
      if (unknown.has(receipt) && key !== undefined) this.#keep(key, end);
      resolve();
    }
  }

  /** The server was not told; it is told again. */
  notTold(outcomes: readonly UntoldOutcome[]): void {
    this.#untold.unshift(...outcomes);
  }

  /** The server has lost the session: no receipt counts any more. */
  lost(): void {
    for (const running of this.#running.values()) {
      running.receipt = undefined;
      this.#orphans.set(running.key, running);
    }
    this.#byReceipt.clear();
    const untold = this.#untold.splice(0);
    this.told(untold, new Set(untold.map(({ receipt }) => receipt)));
  }

  /** What only lets go of a delivery says nothing of the next one. */
  #keep(key: string, end: RunEnd): void {
    if (end.outcome.kind === "released") return;
    this.#kept.set(key, end);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > keptOutcomes && oldest !== undefined) this.#kept.delete(oldest);
  }
}

function keyOf({ subscription, event, replayId }: Delivery): string {
  return JSON.stringify([subscription, event.id, replayId]);
}
