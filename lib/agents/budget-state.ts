import { budgetRequested, budgetSpent } from "../catalog/budget.ts";
import type { Event } from "../event/event.ts";
import { dataOf } from "./dependencies.ts";

/** How a budget stands. */
export interface BudgetState {
  /** What calls have cost. */
  readonly spent: number;
  /** What is set aside for calls under way, or whose process has died: by reservation. */
  readonly reserved: ReadonlyMap<string, number>;
}

export const unspent: BudgetState = { spent: 0, reserved: new Map() };

/** The events that decide what is left of a budget; the others only tell it. */
export const budgetTypes = ["budget.requested", "budget.spent"] as const;

/** What is spent or set aside. */
function usedOf({ spent, reserved }: BudgetState): number {
  return sumOf(spent, ...reserved.values());
}

/** What is left of a limit; below 0 where calls have cost more than their estimates. */
export function leftOf(state: BudgetState, limit: number): number {
  return sumOf(limit, -usedOf(state));
}

/** Amounts of money are decimal fractions, of which binary ones are a little off: twenty times 0.1 would be more than 2. */
function sumOf(...amounts: readonly number[]): number {
  return Number(amounts.reduce((sum, amount) => sum + amount, 0).toPrecision(12));
}

/** The state after an event of {@link budgetTypes}. One that is not as its definition wants it changes nothing. */
export function reduceBudget(state: BudgetState, event: Event): BudgetState {
  if (event.type === budgetRequested.type) {
    const data = dataOf(budgetRequested, event);
    if (data?.reservationId === undefined || data.amount > leftOf(state, data.limit)) return state;
    return { ...state, reserved: new Map(state.reserved).set(data.reservationId, data.amount) };
  }
  if (event.type !== budgetSpent.type) return state;
  const data = dataOf(budgetSpent, event);
  if (data?.reservationId === undefined || !state.reserved.has(data.reservationId)) return state;
  const reserved = new Map(state.reserved);
  reserved.delete(data.reservationId);
  return { spent: sumOf(state.spent, data.amount), reserved };
}
