/** The entities and relationships that one document contributes to the graph. */
export interface Contribution {
  document: string;
  entities: readonly string[];
  /** Each in the form `from kind to`. */
  relationships: readonly string[];
}

/** The number of entities and relationships that a contribution would add and remove. */
export interface Change {
  added: number;
  removed: number;
}

/**
 * The knowledge graph as a fold of contributions. A newer contribution of a document replaces its older one, so that what the
 * document no longer contains is removed, unless another document contains it too.
 */
export class Graph {
  readonly #contributions = new Map<string, Contribution>();
  /** The number of documents that mention an entity. */
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

  /** Returns what `put` of this contribution would add and remove. */
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
