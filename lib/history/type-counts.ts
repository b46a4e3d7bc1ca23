import type { StatsQuery, StatsRow } from "../engine/queries.ts";
import { typeMatcher } from "../pattern/type-names.ts";
import { windowMs } from "./stats-window.ts";

/** The sums of a `stats` query, by window and type. Throws `invalid_config` if the window of the query is not a whole number of minutes. */
export class TypeCounts {
  readonly #window: number | undefined;
  readonly #wants: ((type: string) => boolean) | undefined;
  readonly #byWindow = new Map<number | undefined, Map<string, number>>();

  constructor({ type, window }: Pick<StatsQuery, "type" | "window">) {
    this.#window = windowMs(window);
    this.#wants = type === undefined ? undefined : typeMatcher([type]);
  }

  /** Counts events of a type, accepted at a time in milliseconds; nothing where the query does not want the type. */
  add(acceptedAt: number, type: string, count: number): void {
    if (this.#wants?.(type) === false) return;
    const from = this.#window === undefined ? undefined : Math.floor(acceptedAt / this.#window) * this.#window;
    const types = this.#byWindow.get(from) ?? new Map<string, number>();
    this.#byWindow.set(from, types.set(type, (types.get(type) ?? 0) + count));
  }

  /** In order of time, then of type. */
  rows(): StatsRow[] {
    return [...this.#byWindow]
      .sort(([one], [other]) => (one ?? 0) - (other ?? 0))
      .flatMap(([from, types]) =>
        [...types]
          .sort(([one], [other]) => (one < other ? -1 : 1))
          .map(([type, count]) => ({
            ...(from === undefined ? {} : { from: new Date(from).toISOString() }),
            type,
            count,
          })),
      );
  }
}
