import type { Bus } from "wagglebus";
import * as z from "zod";
import { readAll } from "./ledger.ts";

/** What the knowledge graph holds. */
export interface Learnt {
  documents: number;
  entities: number;
  relationships: number;
  /** Named by several documents, by most first. */
  top: { name: string; kind: string; documents: number }[];
}

const updateSchema = z.looseObject({
  document: z.string(),
  entities: z.array(z.looseObject({ name: z.string(), kind: z.string().optional() })).default([]),
  relationships: z.array(z.unknown()).default([]),
});

/** Entities shown. */
const shown = 8;

/** Folds the graph from history: the newest update of each document counts. */
export async function readLearnt(bus: Pick<Bus, "history">): Promise<Learnt> {
  const documents = new Set<string>();
  const entities = new Map<string, { name: string; kind: string; documents: number }>();
  let relationships = 0;
  for await (const { data } of readAll(bus, { type: "knowledge_graph.updated" })) {
    const parsed = updateSchema.safeParse(data);
    if (!parsed.success || documents.has(parsed.data.document)) continue;
    documents.add(parsed.data.document);
    relationships += parsed.data.relationships.length;
    for (const { name, kind = "thing" } of parsed.data.entities) {
      const entity = entities.get(name) ?? { name, kind, documents: 0 };
      entity.documents += 1;
      entities.set(name, entity);
    }
  }
  const top = [...entities.values()]
    .filter(({ kind, documents: named }) => kind !== "document" && named > 1)
    .toSorted((a, b) => b.documents - a.documents || (a.name < b.name ? -1 : 1))
    .slice(0, shown);
  return { documents: documents.size, entities: entities.size, relationships, top };
}
