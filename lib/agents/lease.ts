import { leaseAcquired, leaseLost, leaseReleased, leaseRenewed, leaseRequested } from "../catalog/lease.ts";
import { runContext } from "../delivery/run-context.ts";
import { BusError, toBusError } from "../error/bus-error.ts";
import { type Duration, parseDuration } from "../event/duration.ts";
import type { Timer } from "../runtime/clock.ts";
import { type AnyBus, type OpenBus, openBus } from "./dependencies.ts";
import { parseHolder, parseResource, requireOneOrder } from "./lease-arguments.ts";
import { freeLease, type LeaseState, leaseTypes, reduceLease } from "./lease-state.ts";
import { type Projection, project } from "./projection.ts";

/** How a lease is claimed. */
export interface LeaseOptions {
  /** Who holds it, such as an agent's id: 1 to 256 characters. Default: the `source` of the bus. */
  readonly holder?: string;
  /** How long after its last renewal another one may take it over: 1 s to 1 h, default 30 s. It is renewed by itself, three times in that. */
  readonly ttl?: Duration;
  /** How long to wait for its turn, at most 24 h. Default 0: refused at once where somebody holds it. */
  readonly wait?: Duration;
  /** Ends the wait as `aborted`. In a handler, the end of the attempt does too, and it releases the lease. */
  readonly signal?: AbortSignal;
}

/** A lease that is held. */
export interface Lease {
  /** As given. */
  readonly resource: string;
  /** Who holds it. */
  readonly holder: string;
  /** Grows with each holder. Give it to what is written to, which refuses a smaller one than it has seen. */
  readonly fence: number;
  /** Aborted as soon as it is lost or released: stop, another one may hold it. */
  readonly signal: AbortSignal;
  /** Lets the next one have it. A second call does nothing, nor does one after the bus was closed: it is lost after `ttl` then. */
  release(): Promise<void>;
  /** The same as `release`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Claims a resource for one holder at a time, on all processes of the bus. It is kept by renewals until it is released; where
 * they stop, since the process died or hung, it is lost after `ttl`, and the next in line gets it. Who holds it follows from
 * the order of the events alone, so that no two processes can see it differently. Rejects with `conflict` where it is held and
 * `wait` is 0, `timeout` after `wait`, `aborted`, `invalid_config` for a wrong option and on an engine whose order of events
 * is not one for all (aws).
 */
export async function claim(bus: AnyBus, resource: string, options: LeaseOptions = {}): Promise<Lease> {
  const open = openBus("claim", bus);
  requireOneOrder("claim", open);
  const name = parseResource("claim", resource);
  const holder = parseHolder(options.holder ?? open.source);
  const ttlMs = parseDuration(options.ttl ?? "30s", "claim: ttl", { min: 1_000, max: 3_600_000 });
  const waitMs = parseDuration(options.wait ?? 0, "claim: wait", { max: 86_400_000 });
  const projection = await openLease(bus, name);
  const lease = new HeldLease({ open, projection, resource: name, holder, ttlMs });
  try {
    await lease.claim(waitMs, options.signal);
    return lease;
  } catch (thrown) {
    projection.close();
    throw thrown;
  }
}

/**
 * Refuses a holder whose lease has gone to another one: `conflict` where a resource was granted with a greater fence. What
 * writes the resource calls it with the fence that it is given.
 */
export async function checkFence(bus: AnyBus, resource: string, fence: number): Promise<void> {
  requireOneOrder("checkFence", openBus("checkFence", bus));
  const projection = await openLease(bus, parseResource("checkFence", resource));
  const { current, fence: last } = projection.state;
  projection.close();
  if (fence === last && current !== undefined) return;
  throw new BusError(
    "conflict",
    `${resource}: fence ${fence} is stale${current === undefined ? ", nobody holds the lease" : `, ${current.holder} holds the lease with fence ${last}`}; claim it again`,
    { details: { resource, fence, current: last } },
  );
}

/** The events of one lease are a flow of their own, so that they are found by index. */
const flowOf = (resource: string) => `lease:${resource}`;

function openLease(bus: AnyBus, resource: string): Promise<Projection<LeaseState>> {
  return project(bus, {
    of: { correlationId: flowOf(resource), type: leaseTypes },
    initial: freeLease,
    reduce: reduceLease,
  });
}

interface HeldLeaseDependencies {
  readonly open: OpenBus;
  readonly projection: Projection<LeaseState>;
  readonly resource: string;
  readonly holder: string;
  readonly ttlMs: number;
}

class HeldLease implements Lease {
  readonly #open: OpenBus;
  readonly #projection: Projection<LeaseState>;
  readonly #leaseId: string;
  readonly #ttlMs: number;
  readonly #ended = new AbortController();
  readonly #cause = runContext.getStore()?.event.id;
  #renewal: Timer;
  #deadline: Timer;
  #released: Promise<void> | undefined;
  fence = 0;
  readonly resource: string;
  readonly holder: string;

  constructor({ open, projection, resource, holder, ttlMs }: HeldLeaseDependencies) {
    this.#open = open;
    this.#projection = projection;
    this.#leaseId = open.nextId();
    this.#ttlMs = ttlMs;
    this.resource = resource;
    this.holder = holder;
  }

  get signal(): AbortSignal {
    return this.#ended.signal;
  }

  async claim(waitMs: number, given: AbortSignal | undefined): Promise<void> {
    const { clock } = this.#open;
    const attempt = runContext.getStore()?.signal;
    const signals = [given, attempt].filter((one) => one !== undefined);
    const signal = signals.length === 0 ? undefined : AbortSignal.any(signals);
    const deadline = clock.now() + waitMs;
    const data = { ...this.#data(), leaseId: this.#leaseId, ttlMs: this.#ttlMs, waits: waitMs > 0 };
    const { current } = this.#projection.state;
    // Whoever has not waited for it goes by the clock, and allows for one that is wrong by `ttl`.
    if (current !== undefined && clock.now() > current.renewedAt + 2 * current.ttlMs) await this.#reportLost(current);
    const askedAt = clock.now();
    let state = await this.#publish(leaseRequested.type, data);
    if (!this.#holds(state)) {
      if (waitMs === 0) throw this.#taken(state);
      state = await this.#awaitTurn(deadline, signal);
    }
    this.fence = state.fence;
    // What is done about the lease from now on is not part of the attempt that claimed it.
    await runContext.exit(() => this.#hold(askedAt));
    attempt?.addEventListener("abort", () => void this.release().catch(this.#open.onError), { once: true });
  }

  release(): Promise<void> {
    this.#released ??= runContext.exit(() => this.#release());
    return this.#released;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.release();
  }

  /** Waits until it is granted; where the holder before is silent for its `ttl`, it is reported as lost. */
  async #awaitTurn(deadline: number, signal: AbortSignal | undefined): Promise<LeaseState> {
    const { clock } = this.#open;
    for (;;) {
      const { current } = this.#projection.state;
      if (this.#holds(this.#projection.state)) return this.#projection.state;
      if (current === undefined)
        return this.#gaveUp(new BusError("aborted", `${this.resource}: the claim was withdrawn`));
      const leftMs = deadline - clock.now();
      if (leftMs <= 0) return this.#gaveUp(this.#taken(this.#projection.state, "timeout"));
      const timeout = Math.min(current.ttlMs, leftMs);
      const moved = ({ current: now }: LeaseState) =>
        now?.leaseId !== current.leaseId || now.renewals !== current.renewals;
      try {
        await this.#projection.until(moved, { timeout, ...(signal === undefined ? {} : { signal }) });
      } catch (thrown) {
        const error = toBusError(thrown);
        if (error.code !== "timeout") return this.#gaveUp(error);
        if (timeout < current.ttlMs) continue;
        await this.#reportLost(current);
      }
    }
  }

  async #reportLost({ leaseId, holder, renewals }: NonNullable<LeaseState["current"]>): Promise<void> {
    const { fence } = this.#projection.state;
    await this.#publish(leaseLost.type, { resource: this.resource, holder, fence, leaseId, renewals });
  }

  async #gaveUp(error: BusError): Promise<never> {
    await runContext.exit(() => this.#publish(leaseReleased.type, { ...this.#data(), leaseId: this.#leaseId }));
    throw error;
  }

  async #hold(since: number): Promise<void> {
    this.#renewed(since);
    await this.#open.bus.publish(leaseAcquired, this.#data(), { metadata: this.#metadata() });
  }

  /** Counts `ttl` from when the renewal was published: nobody else can have begun to count before. */
  #renewed(at: number): void {
    const { clock } = this.#open;
    clock.clearTimer(this.#deadline);
    if (this.#ended.signal.aborted) return;
    this.#deadline = clock.setTimer(() => this.#end("was not renewed in time"), at + this.#ttlMs - clock.now());
    this.#renewal = clock.setTimer(() => void this.#renew(), this.#ttlMs / 3);
  }

  async #renew(): Promise<void> {
    const { clock, onError } = this.#open;
    const at = clock.now();
    try {
      const state = await this.#publish(leaseRenewed.type, { ...this.#data(), leaseId: this.#leaseId });
      if (this.#holds(state)) this.#renewed(at);
      else this.#end("went to another holder");
    } catch (thrown) {
      if (this.#ended.signal.aborted) return;
      const error = toBusError(thrown);
      if (error.code === "closed") return this.#end("ended with its bus");
      onError(error);
      this.#renewal = clock.setTimer(() => void this.#renew(), this.#ttlMs / 6);
    }
  }

  async #release(): Promise<void> {
    const held = !this.#ended.signal.aborted;
    this.#end("was released");
    try {
      if (held) await this.#publish(leaseReleased.type, { ...this.#data(), leaseId: this.#leaseId });
    } catch (thrown) {
      // Then it is lost after its time, as where the process ends.
      if (toBusError(thrown).code !== "closed") throw thrown;
    } finally {
      this.#projection.close();
    }
  }

  #end(why: string): void {
    const { clock } = this.#open;
    clock.clearTimer(this.#deadline);
    clock.clearTimer(this.#renewal);
    this.#ended.abort(new BusError("aborted", `the lease of ${this.resource} ${why}`));
  }

  #holds({ current }: LeaseState): boolean {
    return current?.leaseId === this.#leaseId;
  }

  #data() {
    return { resource: this.resource, holder: this.holder, fence: this.fence };
  }

  #metadata() {
    return {
      correlationId: flowOf(this.resource),
      ...(this.#cause === undefined ? {} : { causationId: this.#cause }),
    };
  }

  #publish(type: string, data: Record<string, unknown>): Promise<LeaseState> {
    return this.#projection.publish({ type, data, metadata: this.#metadata() });
  }

  #taken({ current, fence }: LeaseState, code: "conflict" | "timeout" = "conflict"): BusError {
    const by = current === undefined ? "another holder" : current.holder;
    return new BusError(
      code,
      `${this.resource} is held by ${by}${code === "timeout" ? ", and was not released in time" : "; give `wait` to take its turn"}`,
      { details: { resource: this.resource, heldBy: by, fence } },
    );
  }
}
