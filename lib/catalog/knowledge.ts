import * as z from "zod";
import { defineEvent } from "../event/definition.ts";
import { optionalList, optionalNumber } from "./fields.ts";

const update = z.looseObject({
  entities: optionalList,
  relationships: optionalList,
  added: optionalNumber,
  removed: optionalNumber,
});

/** `knowledge.updated`: what is known changed. */
export const knowledgeUpdated = defineEvent("knowledge.updated", {
  description: "What is known changed.",
  data: update,
});

/** `knowledge_graph.updated`: the graph of what is known changed. */
export const knowledgeGraphUpdated = defineEvent("knowledge_graph.updated", {
  description: "The graph of what is known changed.",
  data: update,
});
