import { BusError } from "../../error/bus-error.ts";
import type { Catalog } from "../../event/catalog.ts";
import type { Event } from "../../event/event.ts";
import { checkData } from "../../event/validate.ts";
import type { SchemaProblem } from "./baseline.ts";

/** Collects which recorded events a catalog does not accept, by type and what is wrong. */
export class HistoryProblems {
  #checked = 0;
  readonly #catalog: Catalog;
  readonly #found = new Map<
    string,
    { readonly type: string; readonly text: string; readonly first: string; count: number }
  >();

  constructor(catalog: Catalog) {
    this.#catalog = catalog;
  }

  /** How many events were looked at. */
  get checked(): number {
    return this.#checked;
  }

  add(event: Event): void {
    this.#checked += 1;
    const text = problemOf(event, this.#catalog);
    if (text === undefined) return;
    // What a message says of one event would tell each apart.
    const key = `${event.type} ${event.metadata.version} ${text.replaceAll(`event ${event.id}`, "event")}`;
    const known = this.#found.get(key);
    if (known === undefined) this.#found.set(key, { type: event.type, text, first: event.id, count: 1 });
    else known.count += 1;
  }

  get problems(): readonly SchemaProblem[] {
    return [...this.#found.values()].map(({ count, first, text, type }) => ({
      type,
      text: `${count.toLocaleString("en-US")} recorded ${count === 1 ? "event" : "events"}, such as ${first}: ${text}`,
      fix: "let the definition accept them, or keep their version in `older` with an upcast",
    }));
  }
}

function problemOf(event: Event, catalog: Catalog): string | undefined {
  try {
    const definition = catalog.resolve(event.type);
    if (definition === undefined) return undefined;
    if (event.metadata.version === definition.version) checkData(definition.schema, event.data, event);
    else catalog.upcast(event);
    return undefined;
  } catch (thrown) {
    if (thrown instanceof BusError) return thrown.message;
    throw thrown;
  }
}
