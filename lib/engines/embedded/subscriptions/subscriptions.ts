import type { PutResult, SubscriptionState, SubscriptionStore } from "../../../engine/subscription-store.ts";
import { queryTime } from "../../../runtime/query-time.ts";
import type { SubscriptionRecord } from "../../../subscription/subscription.ts";
import type { HistoryReader } from "../history/history-reader.ts";
import type { Retention } from "../history/retention.ts";
import type { FileAccess } from "../storage/file-access.ts";
import type { Backfill } from "./backfill.ts";
import type { SubscriptionCache } from "./subscription-cache.ts";
import type { SubscriptionStates } from "./subscription-state.ts";
import type { Start, SubscriptionTable } from "./subscription-table.ts";

export interface EmbeddedSubscriptionsDependencies {
  readonly access: FileAccess;
  readonly subscriptionCache: SubscriptionCache;
  readonly subscriptions: SubscriptionTable;
  readonly states: SubscriptionStates;
  readonly history: HistoryReader;
  readonly backfill: Backfill;
  readonly cleaning: Retention;
  /** This process. */
  readonly processId: number;
  now(): number;
  /** Has a transaction begun soon, which claims what is ready. */
  schedule(): void;
  /** Goes on with what a new subscription has left to do for the consumers of this process. */
  catchUp(): void;
  /** Reports where the work fails. */
  inBackground(work: Promise<void>): void;
}

/** The subscriptions of the file; every process sees them. */
export class EmbeddedSubscriptions implements SubscriptionStore {
  readonly #dependencies: EmbeddedSubscriptionsDependencies;

  constructor(dependencies: EmbeddedSubscriptionsDependencies) {
    this.#dependencies = dependencies;
  }

  async put(record: SubscriptionRecord, { ephemeral }: { readonly ephemeral: boolean }): Promise<PutResult> {
    const { access, backfill, catchUp, inBackground, processId, schedule, subscriptionCache, subscriptions } =
      this.#dependencies;
    const result = await access.write(() => {
      const stored = subscriptionCache.byName(record.name);
      if (stored !== undefined) return { created: false, changed: subscriptions.change(stored, record) };
      subscriptions.create(record, ephemeral ? processId : undefined, this.#startOf(record));
      return { created: true, changed: [] };
    });
    const sub = subscriptionCache.byName(record.name);
    if (sub?.filling === true) inBackground(backfill.fill(sub));
    catchUp();
    schedule();
    return result;
  }

  async list(): Promise<SubscriptionState[]> {
    const { access, now, subscriptionCache, states } = this.#dependencies;
    return access.snapshot(() => [...subscriptionCache.all()].map((sub) => states.of(sub, now())));
  }

  async get(name: string): Promise<SubscriptionState | undefined> {
    const { access, now, subscriptionCache, states } = this.#dependencies;
    return access.snapshot(() => {
      const sub = subscriptionCache.byName(name);
      return sub === undefined ? undefined : states.of(sub, now());
    });
  }

  async setPaused(name: string, paused: boolean): Promise<boolean | undefined> {
    const { access, schedule, subscriptionCache, subscriptions } = this.#dependencies;
    const changed = await access.write(() => {
      const sub = subscriptionCache.byName(name);
      return sub === undefined ? undefined : subscriptions.setPaused(sub, paused);
    });
    if (changed === true) schedule();
    return changed;
  }

  async delete(name: string): Promise<boolean> {
    const { access, cleaning, subscriptionCache, subscriptions } = this.#dependencies;
    const deleted = await access.write(() => {
      const sub = subscriptionCache.byName(name);
      if (sub !== undefined) subscriptions.delete(sub);
      return sub !== undefined;
    });
    if (deleted) cleaning.runSoon();
    return deleted;
  }

  /** The last event that a new subscription does not get; undefined where it starts now. */
  #startOf({ from }: SubscriptionRecord): Start | undefined {
    const { history, subscriptionCache } = this.#dependencies;
    if (from === "now") return undefined;
    const after = from === "beginning" ? 0 : history.positionBefore(queryTime(from, "from") ?? 0);
    return after >= subscriptionCache.lastSeq ? undefined : { after };
  }
}
