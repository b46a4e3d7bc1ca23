import * as z from "zod";
import { budgetExceeded, budgetRequested, budgetReserved, budgetSpent } from "../catalog/budget.ts";
import { systemCostThresholdReached } from "../catalog/system.ts";
import { runContext } from "../delivery/run-context.ts";
import { BusError } from "../error/bus-error.ts";
import { lazy } from "../event/lazy.ts";
import { parseCallOptions } from "../runtime/call-options.ts";
import { type BudgetState, budgetTypes, leftOf, reduceBudget, unspent } from "./budget-state.ts";
import { type AnyBus, type OpenBus, openBus } from "./dependencies.ts";
import { requireOneOrder } from "./lease-arguments.ts";
import { type Projection, project } from "./projection.ts";

/** What may be spent, by all processes of a bus together. */
export interface BudgetOptions {
  /** 1 to 128 characters; with `per`, each flow, agent or day has one of its own. */
  readonly name: string;
  /** At most this much, above 0: tokens, money, calls, seconds. */
  readonly limit: number;
  /** What is counted, such as `"USD"`, `"tokens"` or `"calls"`. Default `"USD"`. */
  readonly unit?: string;
  /** Whether each flow, agent or day (UTC) has a budget of its own. Default: one for all. */
  readonly per?: "flow" | "agent" | "day";
  /** The part of the limit at which `system.cost.threshold.reached` is published, once: above 0, at most 1. Default 0.8. */
  readonly threshold?: number;
}

/** What a call has cost. */
export interface Spent<Result> {
  /** What `spend` gives. */
  readonly result: Result;
  /** In the unit of the budget, 0 or more. */
  readonly amount: number;
}

/** Which of the budgets of a name is meant. */
export interface BudgetScope {
  /** With `per: "flow"`; default: the flow of the event being handled. */
  readonly flow?: string;
  /** With `per: "agent"`; default: the `source` of the bus. */
  readonly agent?: string;
}

/** A budget that is watched by this process. */
export interface Budget {
  /**
   * Sets an estimate aside, makes a call and records what it has cost. Rejects with `throttled`, and does not call, where the
   * estimate exceeds what is left; `details` has `left` and `limit`. A call that throws has cost 0, unless it throws an error
   * with a number `amount`. Where the process dies within the call, the estimate counts as spent.
   */
  spend<Result>(estimate: number, call: () => Promise<Spent<Result>>, scope?: BudgetScope): Promise<Result>;
  /** What is neither spent nor set aside, in the unit of the budget. */
  left(scope?: BudgetScope): Promise<number>;
  /** Watches it no longer. */
  close(): void;
  /** The same as `close`, for `using`. */
  [Symbol.dispose](): void;
}

const schema = lazy(() =>
  z.strictObject({
    name: z.string().min(1).max(128),
    limit: z.number().positive(),
    unit: z.string().min(1).max(64).default("USD"),
    per: z.enum(["flow", "agent", "day"]).exactOptional(),
    threshold: z.number().positive().max(1).default(0.8),
  }),
);

/**
 * A budget for calls that cost something. Whether an estimate still fits follows from the order of the events alone, so that any
 * number of processes at once exceed the limit by no more than what calls under way cost beyond their estimates. Throws
 * `invalid_config` for a wrong option, and on an engine whose order of events is not one for all (aws).
 */
export function openBudget(bus: AnyBus, options: BudgetOptions): Budget {
  const open = openBus("openBudget", bus);
  requireOneOrder("openBudget", open);
  return new WatchedBudget(bus, open, parseCallOptions("openBudget", schema(), options));
}

/** Budgets of one name that are watched at once; the least recently used is given up first. */
const mostWatched = 100;

class WatchedBudget implements Budget {
  readonly #bus: AnyBus;
  readonly #open: OpenBus;
  readonly #options: z.output<ReturnType<typeof schema>>;
  readonly #watching = new Map<string, Promise<Projection<BudgetState>>>();
  readonly #uses = new Map<string, number>();

  constructor(bus: AnyBus, open: OpenBus, options: z.output<ReturnType<typeof schema>>) {
    this.#bus = bus;
    this.#open = open;
    this.#options = options;
  }

  async spend<Result>(estimate: number, call: () => Promise<Spent<Result>>, scope: BudgetScope = {}): Promise<Result> {
    checkAmount("the estimate", estimate);
    const key = this.#keyOf(scope);
    return this.#using(key, async (projection) => {
      const reservationId = this.#open.nextId();
      const state = await projection.publish(this.#draft(budgetRequested.type, key, estimate, { reservationId }));
      if (!state.reserved.has(reservationId)) throw await this.#exceeded(key, estimate, state);
      await this.#open.bus.publish(this.#draft(budgetReserved.type, key, estimate, { reservationId }));
      let amount = 0;
      try {
        const spent = await call();
        checkAmount("the amount", spent.amount);
        amount = spent.amount;
        return spent.result;
      } catch (thrown) {
        amount = amountOf(thrown);
        throw thrown;
      } finally {
        // It was spent, even where the attempt that spent it is over.
        const draft = this.#draft(budgetSpent.type, key, amount, { reservationId });
        const after = await runContext.exit(() => projection.publish(draft));
        await this.#tellThreshold(key, after);
      }
    });
  }

  async left(scope: BudgetScope = {}): Promise<number> {
    return this.#using(this.#keyOf(scope), async ({ state }) => leftOf(state, this.#options.limit));
  }

  close(): void {
    for (const key of [...this.#watching.keys()]) this.#close(key);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** The name of the budget that is meant. */
  #keyOf({ flow, agent }: BudgetScope): string {
    const { name, per } = this.#options;
    const { clock, source } = this.#open;
    const parts = {
      flow: () => flow ?? runContext.getStore()?.event.metadata.correlationId,
      agent: () => agent ?? source,
      day: () => new Date(clock.now()).toISOString().slice(0, 10),
    };
    if (per === undefined) return name;
    const part = parts[per]();
    if (part !== undefined) return `${name}/${part}`;
    throw new BusError("invalid_config", `budget ${name}: give the ${per}, since it is not known outside of a handler`);
  }

  async #using<Result>(key: string, use: (projection: Projection<BudgetState>) => Promise<Result>): Promise<Result> {
    this.#uses.set(key, (this.#uses.get(key) ?? 0) + 1);
    try {
      return await use(await this.#watched(key));
    } finally {
      const left = (this.#uses.get(key) ?? 1) - 1;
      if (left > 0) this.#uses.set(key, left);
      else this.#uses.delete(key);
      for (const other of [...this.#watching.keys()]) {
        if (this.#watching.size <= mostWatched) break;
        if (!this.#uses.has(other)) this.#close(other);
      }
    }
  }

  #watched(key: string): Promise<Projection<BudgetState>> {
    const known = this.#watching.get(key);
    this.#watching.delete(key);
    const projection =
      known ??
      project(this.#bus, {
        of: { correlationId: flowOf(key), type: budgetTypes },
        initial: unspent,
        reduce: reduceBudget,
      });
    // The most recently used is the last.
    this.#watching.set(key, projection);
    if (known === undefined) {
      projection.catch(() => {
        if (this.#watching.get(key) === projection) this.#watching.delete(key);
      });
    }
    return projection;
  }

  #close(key: string): void {
    this.#watching.get(key)?.then(
      (projection) => projection.close(),
      () => {},
    );
    this.#watching.delete(key);
  }

  async #exceeded(key: string, estimate: number, state: BudgetState): Promise<BusError> {
    const { limit, unit } = this.#options;
    const left = leftOf(state, limit);
    await this.#open.bus.publish(this.#draft(budgetExceeded.type, key, estimate, {}));
    return new BusError(
      "throttled",
      `budget ${key}: ${estimate} ${unit} exceed what is left, ${left} of ${limit}; raise the limit, or wait for calls under way`,
      { retryable: false, details: { budget: key, estimate, left, limit, unit } },
    );
  }

  async #tellThreshold(key: string, state: BudgetState): Promise<void> {
    const { limit, threshold, unit } = this.#options;
    if (state.spent < limit * threshold) return;
    const data = { amount: state.spent, limit, currency: unit, period: key };
    const metadata = { correlationId: flowOf(key) };
    // Whoever comes later finds it told, with another amount.
    const told = this.#open.bus.publish(systemCostThresholdReached, data, {
      id: `threshold-${key}-${limit}-${threshold}`,
      time: new Date(0).toISOString(),
      metadata,
    });
    await told.catch((error: unknown) => {
      if (!(error instanceof BusError && error.code === "conflict")) throw error;
    });
  }

  #draft(type: string, key: string, amount: number, data: Record<string, unknown>) {
    const { limit, unit } = this.#options;
    return { type, data: { budget: key, amount, limit, unit, ...data }, metadata: { correlationId: flowOf(key) } };
  }
}

const flowOf = (key: string) => `budget:${key}`;

function checkAmount(what: string, amount: number): void {
  if (Number.isFinite(amount) && amount >= 0) return;
  throw new BusError("invalid_config", `budget: ${what} must be a number from 0, not ${amount}`);
}

/** What a call that failed has cost all the same. */
function amountOf(thrown: unknown): number {
  const amount = thrown instanceof Error && "amount" in thrown ? thrown.amount : 0;
  return typeof amount === "number" && Number.isFinite(amount) && amount >= 0 ? amount : 0;
}
