import type { Bus, Event } from "wagglebus";
import { isRecord } from "../_shared/document.ts";
import { type Contribution, Graph } from "./graph.ts";

/** The graph built from history. */
export class GraphView {
  readonly graph = new Graph();
  /** Ids of the events that caused an update. */
  readonly updates = new Set<string>();
  /** Ids of updates that this process has published and not yet read from history. */
  readonly #unread = new Set<string>();
  #lastId: string | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  /** Reads the updates since the last call. Concurrent calls run one after another. */
  catchUp(history: Pick<Bus["history"], "query">): Promise<void> {
    const turn = this.#turn.then(() => this.#read(history));
    this.#turn = turn.catch(() => {});
    return turn;
  }

  /** Adds an update that was just published, since history may not have it at the next call. */
  add(update: Event): void {
    this.#unread.add(update.id);
    this.#put(update);
  }

  async #read(history: Pick<Bus["history"], "query">): Promise<void> {
    const fresh: Event[] = [];
    let cursor: string | undefined;
    do {
      // Usually there is one new update, the last one of this process; the first call reads all of them.
      const page = await history.query({
        type: "knowledge_graph.updated",
        limit: this.#lastId === undefined ? 1_000 : 5,
        ...(cursor === undefined ? {} : { cursor }),
      });
      const known = page.events.findIndex(({ id }) => id === this.#lastId);
      fresh.push(...(known === -1 ? page.events : page.events.slice(0, known)));
      cursor = known === -1 ? page.cursor : undefined;
    } while (cursor !== undefined);
    for (const event of fresh.reverse()) {
      if (!this.#unread.delete(event.id)) this.#put(event);
      this.#lastId = event.id;
    }
  }

  #put({ data, metadata }: Event): void {
    const contribution = toContribution(data);
    if (contribution !== undefined) this.graph.put(contribution);
    if (metadata.causationId !== undefined) this.updates.add(metadata.causationId);
  }
}

const views = new WeakMap<object, GraphView>();

/** Returns the current graph of a bus. It is cached, so that a call reads only new updates. */
export async function graphOf(bus: Pick<Bus, "history">): Promise<GraphView> {
  const view = views.get(bus) ?? new GraphView();
  views.set(bus, view);
  await view.catchUp(bus.history);
  return view;
}

/** Parses the contribution of a document from an update, or returns `undefined` for another kind of update. */
function toContribution(data: unknown): Contribution | undefined {
  if (!isRecord(data) || typeof data.document !== "string") return undefined;
  const entities = (Array.isArray(data.entities) ? data.entities : []).filter(isRecord);
  const relationships = (Array.isArray(data.relationships) ? data.relationships : []).filter(isRecord);
  return {
    document: data.document,
    entities: entities.map(({ name }) => String(name)),
    relationships: relationships.map(({ from, kind, to }) => `${from} ${kind} ${to}`),
  };
}
