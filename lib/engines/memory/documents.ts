import type { DocumentStore, NamedDocument } from "../../engine/document-store.ts";

/** Documents by name, as texts, so that nobody holds a part of one. */
export class MemoryDocuments implements DocumentStore {
  readonly #texts = new Map<string, string>();

  async put(name: string, document: object): Promise<void> {
    this.#texts.set(name, JSON.stringify(document));
  }

  async get(name: string): Promise<unknown> {
    const text = this.#texts.get(name);
    return text === undefined ? undefined : JSON.parse(text);
  }

  async list(prefix: string): Promise<NamedDocument[]> {
    return [...this.#texts]
      .filter(([name]) => name.startsWith(prefix))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, text]) => ({ name, document: JSON.parse(text) }));
  }

  async delete(name: string): Promise<boolean> {
    return this.#texts.delete(name);
  }
}
