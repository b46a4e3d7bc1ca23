import * as z from "zod";
import { defineEvent } from "../event/definition.ts";

/** `memory.created`: something was remembered. */
export const memoryCreated = defineEvent("memory.created", {
  description: "Something was remembered.",
  data: z.looseObject({
    memoryId: z.string(),
    content: z.string().optional(),
    filters: z.record(z.string(), z.unknown()).optional(),
    agentId: z.string().optional(),
  }),
});

/** `memory.updated`: a memory changed. */
export const memoryUpdated = defineEvent("memory.updated", {
  description: "A memory changed.",
  data: z.looseObject({ memoryId: z.string(), updatedFields: z.array(z.string()).optional() }),
});

/** `memory.searched`: memories were searched. */
export const memorySearched = defineEvent("memory.searched", {
  description: "Memories were searched.",
  data: z.looseObject({
    query: z.string(),
    filters: z.record(z.string(), z.unknown()).optional(),
    resultCount: z.number().optional(),
  }),
});

const exchange = z.looseObject({
  memoryId: z.string(),
  fromAgentId: z.string().optional(),
  toAgentIds: z.array(z.string()).optional(),
  circleId: z.string().optional(),
});

/** `memory.shared`: a memory was given to other agents. */
export const memoryShared = defineEvent("memory.shared", {
  description: "A memory was given to other agents.",
  data: exchange,
});

/** `memory.recalled`: a memory was brought back to mind. */
export const memoryRecalled = defineEvent("memory.recalled", {
  description: "A memory was brought back to mind.",
  data: exchange,
});

/** `memory.entity.extracted`: entities and their links were found in a memory. */
export const memoryEntityExtracted = defineEvent("memory.entity.extracted", {
  description: "Entities and their links were found in a memory.",
  data: z.looseObject({
    memoryId: z.string(),
    entities: z.array(z.looseObject({ name: z.string(), kind: z.string().optional() })),
    relationships: z.array(z.looseObject({ from: z.string(), to: z.string(), kind: z.string() })).optional(),
  }),
});
