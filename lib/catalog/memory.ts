import * as z from "zod";
import { defineEvent } from "../event/definition.ts";
import { optionalNumber, optionalRecord, optionalText, optionalTexts, text } from "./fields.ts";

/** `memory.created`: a memory was created. */
export const memoryCreated = defineEvent("memory.created", {
  description: "A memory was created.",
  data: z.looseObject({
    memoryId: text,
    content: optionalText,
    filters: optionalRecord,
    agentId: optionalText,
  }),
});

/** `memory.updated`: a memory changed. */
export const memoryUpdated = defineEvent("memory.updated", {
  description: "A memory changed.",
  data: z.looseObject({ memoryId: text, updatedFields: optionalTexts }),
});

/** `memory.searched`: memories were searched. */
export const memorySearched = defineEvent("memory.searched", {
  description: "Memories were searched.",
  data: z.looseObject({
    query: text,
    filters: optionalRecord,
    resultCount: optionalNumber,
  }),
});

const exchange = z.looseObject({
  memoryId: text,
  fromAgentId: optionalText,
  toAgentIds: optionalTexts,
  circleId: optionalText,
});

/** `memory.shared`: a memory was shared with other agents. */
export const memoryShared = defineEvent("memory.shared", {
  description: "A memory was shared with other agents.",
  data: exchange,
});

/** `memory.recalled`: a memory was recalled. */
export const memoryRecalled = defineEvent("memory.recalled", {
  description: "A memory was recalled.",
  data: exchange,
});

/** `memory.entity.extracted`: entities and relationships were found in a memory. */
export const memoryEntityExtracted = defineEvent("memory.entity.extracted", {
  description: "Entities and relationships were found in a memory.",
  data: z.looseObject({
    memoryId: text,
    entities: z.array(z.looseObject({ name: text, kind: optionalText })),
    relationships: z.array(z.looseObject({ from: text, to: text, kind: text })).optional(),
  }),
});
