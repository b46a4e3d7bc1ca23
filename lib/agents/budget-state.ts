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
export function usedOf({ spent, reserved }: BudgetState): number {
  let sum = spent;
  for (const amount of reserved.values()) sum += amount;
  return sum;
}

/** The state after an event of {@link budgetTypes}. One that is not as its definition wants it changes nothing. */
export function reduceBudget(state: BudgetState, event: Event): BudgetState {
  if (event.type === budgetRequested.type) {
    const data = dataOf(budgetRequested, event);
    if (data?.reservationId === undefined || usedOf(state) + data.amount > data.limit) return state;
    return { ...state, reserved: new Map(state.reserved).set(data.reservationId, data.amount) };
  }
  if (event.type !== budgetSpent.type) return state;
  const data = dataOf(budgetSpent, event);
  if (data?.reservationId === undefined || !state.reserved.has(data.reservationId)) return state;
  const reserved = new Map(state.reserved);
  reserved.delete(data.reservationId);
  return { spent: state.spent + data.amount, reserved };
}
