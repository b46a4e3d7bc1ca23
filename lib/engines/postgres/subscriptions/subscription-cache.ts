import { Router } from "../../../delivery/router.ts";
import type { Event } from "../../../event/event.ts";
import { orderedKey } from "../../../subscription/index.ts";
import type { SubscriptionRecord } from "../../../subscription/subscription.ts";
import type { Transaction } from "../storage/database.ts";
import type { Names } from "../storage/names.ts";
import { integer, optionalInteger, optionalText, parseRecord } from "../storage/rows.ts";

/** A subscription as this process last saw it. The object stays the same while the subscription exists. */
export interface Subscription {
  readonly id: number;
  record: SubscriptionRecord;
  keyOf: ((event: Event) => string) | undefined;
  /** Whether it is paused for all processes. */
  paused: boolean;
  /** Whether publishers give it its deliveries; if not, the filler does. */
  live: boolean;
}

const none: readonly Subscription[] = [];

/** The subscriptions of the bus, of one epoch: publishers route by them. */
export class SubscriptionCache {
  /** The epoch that they are of; 0 before they were read. */
  epoch = 0;
  readonly #sql: string;
  #byId = new Map<number, Subscription>();
  #byName = new Map<string, Subscription>();
  #routes: Routes = new Routes([]);
  /** To all, those included that are being filled: these get what history does not hold, and no filler could bring. */
  #allRoutes: Routes = this.#routes;
  #refreshing: Promise<void> | undefined;

  constructor({ s }: Names) {
    this.#sql = `SELECT m.epoch, c.id, c.record, c.concurrency, c.live_epoch FROM ${s}.meta m LEFT JOIN ${s}.subscriptions c ON true ORDER BY c.id`;
  }

  all(): Iterable<Subscription> {
    return this.#byId.values();
  }
  byId(id: number): Subscription | undefined {
    return this.#byId.get(id);
  }
  byName(name: string): Subscription | undefined {
    return this.#byName.get(name);
  }

  /** The subscriptions that get a delivery of an event from its publisher; the array is shared. */
  route(event: Event, history: boolean): readonly Subscription[] {
    return (history ? this.#routes : this.#allRoutes).route(event);
  }

  /** Reads them. Calls while one is under way wait for it and then read again, as it may have begun before the change. */
  async refresh(database: Transaction): Promise<void> {
    await this.#refreshing?.catch(() => {});
    this.#refreshing ??= this.#read(database).finally(() => {
      this.#refreshing = undefined;
    });
    await this.#refreshing;
  }

  async #read(database: Transaction): Promise<void> {
    const rows = await database.query(this.#sql);
    const epoch = integer(rows[0]?.epoch);
    if (epoch < this.epoch) return;
    const byId = new Map<number, Subscription>();
    for (const row of rows) {
      const id = optionalInteger(row.id);
      if (id === undefined) continue;
      const known = this.#byId.get(id);
      const record = sameRecord(known, optionalText(row.record) ?? "");
      const sub = known ?? { id, record: record.value, keyOf: undefined, paused: false, live: false };
      if (known === undefined || record.changed) {
        sub.record = record.value;
        sub.keyOf = record.value.ordered === undefined ? undefined : orderedKey(record.value.ordered);
      }
      sub.paused = row.concurrency === 0;
      sub.live = optionalInteger(row.live_epoch) !== undefined;
      byId.set(id, sub);
    }
    this.#byId = byId;
    this.#byName = new Map([...byId.values()].map((sub) => [sub.record.name, sub]));
    const all = [...byId.values()];
    this.#allRoutes = new Routes(all);
    this.#routes = all.every(({ live }) => live) ? this.#allRoutes : new Routes(all.filter(({ live }) => live));
    this.epoch = epoch;
  }
}

/** The record of a row; the one that is known where it has not changed, so that consumers see by identity that it has not. */
function sameRecord(known: Subscription | undefined, json: string): { value: SubscriptionRecord; changed: boolean } {
  const value = parseRecord(json);
  if (known !== undefined && JSON.stringify(known.record) === JSON.stringify(value)) {
    return { value: known.record, changed: false };
  }
  return { value, changed: true };
}

/** A router that gives subscriptions. */
class Routes {
  readonly #router: Router;
  readonly #byName: ReadonlyMap<string, Subscription>;
  readonly #known = new WeakMap<readonly SubscriptionRecord[], readonly Subscription[]>();

  constructor(subs: readonly Subscription[]) {
    this.#router = new Router(subs.map(({ record }) => record));
    this.#byName = new Map(subs.map((sub) => [sub.record.name, sub]));
  }

  route(event: Event): readonly Subscription[] {
    const records = this.#router.route(event);
    if (records.length === 0) return none;
    let subs = this.#known.get(records);
    if (subs === undefined) {
      subs = records.flatMap((record) => this.#byName.get(record.name) ?? []);
      this.#known.set(records, subs);
    }
    return subs;
  }
}
