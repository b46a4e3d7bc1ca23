/** What one document has put into the graph. */
export interface Contribution {
  document: string;
  entities: readonly string[];
  /** `from kind to`, one each. */
  relationships: readonly string[];
}

/** How a contribution would change the graph, in entities and relationships together. */
export interface Change {
  added: number;
  removed: number;
}

/**
 * The knowledge graph as a fold of contributions. A document's newer contribution takes the place of its older one, so
 * that what it no longer says leaves the graph, unless another document says it too.
 */
export class Graph {
  readonly #contributions = new Map<string, Contribution>();
  /** How many documents name an entity. */
  readonly #named = new Map<string, number>();

  put(contribution: Contribution): void {
    for (const name of new Set(this.#contributions.get(contribution.document)?.entities)) {
      const count = this.#named.get(name) ?? 0;
      if (count > 1) this.#named.set(name, count - 1);
      else this.#named.delete(name);
    }
    for (const name of new Set(contribution.entities)) this.#named.set(name, (this.#named.get(name) ?? 0) + 1);
    this.#contributions.set(contribution.document, contribution);
  }

  /** What `put` of this contribution would add and remove. */
  preview(contribution: Contribution): Change {
    const before = this.#contributions.get(contribution.document);
    const entities = difference(before?.entities, contribution.entities);
    const relationships = difference(before?.relationships, contribution.relationships);
    return {
      added: relationships.added.length + entities.added.filter((name) => !this.#named.has(name)).length,
      removed: relationships.removed.length + entities.removed.filter((name) => this.#named.get(name) === 1).length,
    };
  }
}

function difference(before: readonly string[] = [], after: readonly string[]): { added: string[]; removed: string[] } {
  const old = new Set(before);
  const fresh = new Set(after);
  return { added: [...fresh].filter((one) => !old.has(one)), removed: [...old].filter((one) => !fresh.has(one)) };
}
