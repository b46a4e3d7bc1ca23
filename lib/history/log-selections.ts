import type { LogSelection } from "../engine/event-log.ts";
import type { HistoryQuery } from "../engine/queries.ts";
import { isRecord } from "../runtime/is-record.ts";

/** What a pattern over some types selects at least: its `where` may ask for more. */
export function selectionOf(types: readonly string[], where: unknown): LogSelection {
  const pattern = isRecord(where) ? where : {};
  const metadata = isRecord(pattern.metadata) ? pattern.metadata : {};
  return withLists({ types, sources: texts(pattern.source), flows: texts(metadata.correlationId) });
}

/** What a query selects at least. */
export function selectionOfQuery({ type, source, correlationId }: HistoryQuery): LogSelection {
  return withLists({
    types: typeof type === "string" ? [type] : type && [...type],
    sources: source === undefined ? undefined : [source],
    flows: correlationId === undefined ? undefined : [correlationId],
  });
}

/** What several readers look for together. */
export class SharedSelections {
  /** Of each list: how many readers have the same. */
  readonly #lists = new Map<string, { readonly list: readonly LogSelection[] | undefined; readers: number }>();
  #union: { readonly list: readonly LogSelection[] | undefined } | undefined;

  /** Adds what a reader looks for, absent for everything, until the returned function is called. */
  add(list: readonly LogSelection[] | undefined): () => void {
    const name = JSON.stringify(list) ?? "";
    const shared = this.#lists.get(name) ?? { list, readers: 0 };
    if (shared.readers === 0) this.#lists.set(name, shared);
    this.#union = undefined;
    shared.readers += 1;
    return () => {
      shared.readers -= 1;
      if (shared.readers > 0) return;
      this.#lists.delete(name);
      this.#union = undefined;
    };
  }

  /** What one of them looks for; undefined for everything. */
  union(): readonly LogSelection[] | undefined {
    this.#union ??= { list: this.#all() };
    return this.#union.list;
  }

  #all(): readonly LogSelection[] | undefined {
    const all: LogSelection[] = [];
    for (const { list } of this.#lists.values()) {
      if (list === undefined || list.some((selection) => Object.keys(selection).length === 0)) return undefined;
      all.push(...list);
    }
    return all;
  }
}

/** The values of a field of a pattern; undefined where it does more than to list texts. */
function texts(field: unknown): readonly string[] | undefined {
  const isText = (value: unknown): value is string => typeof value === "string";
  return Array.isArray(field) && field.every(isText) ? [...field] : undefined;
}

/** Without what selects everything. */
function withLists({ types, sources, flows }: { [Name in keyof LogSelection]: LogSelection[Name] | undefined }) {
  return {
    ...(types === undefined || types.includes("*") ? {} : { types }),
    ...(sources === undefined ? {} : { sources }),
    ...(flows === undefined ? {} : { flows }),
  };
}
