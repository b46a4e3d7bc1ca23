import type { EventOf, Handler } from "wagglebus";
import type { Contribution } from "./graph.ts";
import { graphOf } from "./graph-of.ts";
import type subscription from "./subscription.ts";

/** Puts the entities of a document into the knowledge graph, replacing its earlier ones. */
const librarian: Handler<EventOf<typeof subscription>> = async (event, { bus }) => {
  const { memoryId, entities, relationships = [] } = event.data;
  const document = typeof event.data.document === "string" ? event.data.document : memoryId;
  const view = await graphOf(bus);
  // A run that was killed after publishing is retried, but the graph already has its update.
  if (view.updates.has(event.id)) return;
  const contribution: Contribution = {
    document,
    entities: entities.map(({ name }) => name),
    relationships: relationships.map(({ from, kind, to }) => `${from} ${kind} ${to}`),
  };
  const { added, removed } = view.graph.preview(contribution);
  // `memoryId` and `document` are the crew's own fields.
  const data = { memoryId, document, entities, relationships, added, removed };
  const updated = await bus.emit.knowledge_graph.updated(data, { source: "librarian", dedupe: "updated" });
  view.add(updated);
};

export default librarian;
