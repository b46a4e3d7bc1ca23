import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { DocumentStore, NamedDocument } from "../../../engine/document-store.ts";
import type { FileAccess } from "../storage/file-access.ts";
import { text } from "../storage/rows.ts";

/** The documents of the file. */
export class EmbeddedDocuments implements DocumentStore {
  readonly #access: FileAccess;
  readonly #put: StatementSync;
  readonly #get: StatementSync;
  readonly #list: StatementSync;
  readonly #delete: StatementSync;

  constructor(db: DatabaseSync, access: FileAccess) {
    this.#access = access;
    this.#put = db.prepare(
      "INSERT INTO documents (name, body) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET body = excluded.body",
    );
    this.#get = db.prepare("SELECT body FROM documents WHERE name = ?");
    // Node 22.18 binds no numbered parameters.
    this.#list = db.prepare("SELECT name, body FROM documents WHERE substr(name, 1, ?) = ? ORDER BY name");
    this.#delete = db.prepare("DELETE FROM documents WHERE name = ?");
  }

  async put(name: string, document: object): Promise<void> {
    const body = JSON.stringify(document);
    await this.#access.write(() => this.#put.run(name, body));
  }

  async get(name: string): Promise<unknown> {
    const row = await this.#access.read(() => this.#get.get(name));
    return row === undefined ? undefined : JSON.parse(text(row.body));
  }

  async list(prefix: string): Promise<NamedDocument[]> {
    const rows = await this.#access.read(() => this.#list.all([...prefix].length, prefix));
    return rows.map(({ name, body }) => ({ name: text(name), document: JSON.parse(text(body)) }));
  }

  async delete(name: string): Promise<boolean> {
    return this.#access.write(() => this.#delete.run(name).changes !== 0);
  }
}
