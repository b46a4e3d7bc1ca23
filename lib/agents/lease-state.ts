import { leaseLost, leaseReleased, leaseRenewed, leaseRequested } from "../catalog/lease.ts";
import type { Event } from "../event/event.ts";
import { dataOf } from "./dependencies.ts";

/** Who holds a resource, or waits for it. */
export interface LeaseClaim {
  readonly leaseId: string;
  readonly holder: string;
  /** Milliseconds without a renewal after which it may be taken to be lost. */
  readonly ttlMs: number;
}

/** How the lease of a resource stands. */
export interface LeaseState {
  /** Absent where it is free. */
  readonly current?: LeaseClaim & {
    readonly renewals: number;
    /** Milliseconds since 1970, by the clock of who published it: when it was granted or renewed last. */
    readonly renewedAt: number;
  };
  /** Who gets it next, first come first. */
  readonly waiting: readonly LeaseClaim[];
  /** That of the last holder; grows with each. 0 before the first. */
  readonly fence: number;
}

export const freeLease: LeaseState = { waiting: [], fence: 0 };

/** The events that decide who holds a lease. `lease.acquired` only tells it. */
export const leaseTypes = ["lease.requested", "lease.renewed", "lease.released", "lease.lost"] as const;

/** The state after an event of {@link leaseTypes}. One that is not as its definition wants it changes nothing. */
export function reduceLease(state: LeaseState, event: Event): LeaseState {
  const { current } = state;
  switch (event.type) {
    case leaseRequested.type: {
      const data = dataOf(leaseRequested, event);
      if (data === undefined) return state;
      const { holder, leaseId, ttlMs, waits } = data;
      const claim = { leaseId, holder, ttlMs };
      if (current === undefined) return granted(state, [claim], event);
      return waits === true ? { ...state, waiting: [...state.waiting, claim] } : state;
    }
    case leaseRenewed.type: {
      const data = dataOf(leaseRenewed, event);
      if (current === undefined || data?.leaseId !== current.leaseId) return state;
      return { ...state, current: { ...current, renewals: current.renewals + 1, renewedAt: Date.parse(event.time) } };
    }
    case leaseReleased.type: {
      const leaseId = dataOf(leaseReleased, event)?.leaseId;
      if (leaseId === undefined) return state;
      if (current?.leaseId === leaseId) return granted(state, state.waiting, event);
      return { ...state, waiting: state.waiting.filter((claim) => claim.leaseId !== leaseId) };
    }
    case leaseLost.type: {
      const data = dataOf(leaseLost, event);
      // A renewal that was accepted first refutes it.
      const lost = current?.leaseId === data?.leaseId && current?.renewals === data?.renewals;
      return current !== undefined && lost ? granted(state, state.waiting, event) : state;
    }
    default:
      return state;
  }
}

/** The first of those who wait holds it now. */
function granted(state: LeaseState, [first, ...waiting]: readonly LeaseClaim[], { time }: Event): LeaseState {
  if (first === undefined) return { waiting: [], fence: state.fence };
  // By the clock as well, so that it grows where history has forgotten the holders before.
  const renewedAt = Date.parse(time);
  return { current: { ...first, renewals: 0, renewedAt }, waiting, fence: Math.max(state.fence + 1, renewedAt) };
}
