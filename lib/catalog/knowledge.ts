import * as z from "zod";
import { defineEvent } from "../event/definition.ts";
import { optionalList, optionalNumber } from "./fields.ts";

const update = z.looseObject({
  entities: optionalList,
  relationships: optionalList,
  added: optionalNumber,
  removed: optionalNumber,
});

/** `knowledge.updated`: knowledge was updated. */
export const knowledgeUpdated = defineEvent("knowledge.updated", {
  description: "Knowledge was updated.",
  data: update,
});

/** `knowledge_graph.updated`: the knowledge graph was updated. */
export const knowledgeGraphUpdated = defineEvent("knowledge_graph.updated", {
  description: "The knowledge graph was updated.",
  data: update,
});
