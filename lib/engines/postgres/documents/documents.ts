import type { DocumentStore, NamedDocument } from "../../../engine/document-store.ts";
import type { Database } from "../storage/database.ts";
import type { Names } from "../storage/names.ts";
import { text } from "../storage/rows.ts";

/** The documents of the bus. */
export class PostgresDocuments implements DocumentStore {
  readonly #database: Database;
  readonly #table: string;

  constructor({ database, names }: { readonly database: Database; readonly names: Names }) {
    this.#database = database;
    this.#table = `${names.s}.documents`;
  }

  async put(name: string, document: object): Promise<void> {
    await this.#database.call(
      `INSERT INTO ${this.#table} (name, body) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET body = excluded.body`,
      [name, JSON.stringify(document)],
    );
  }

  async get(name: string): Promise<unknown> {
    const [row] = await this.#database.call(`SELECT body FROM ${this.#table} WHERE name = $1`, [name]);
    return row === undefined ? undefined : JSON.parse(text(row.body));
  }

  async list(prefix: string): Promise<NamedDocument[]> {
    const rows = await this.#database.call(
      `SELECT name, body FROM ${this.#table} WHERE starts_with(name, $1) ORDER BY name COLLATE "C"`,
      [prefix],
    );
    return rows.map(({ name, body }) => ({ name: text(name), document: JSON.parse(text(body)) }));
  }

  async delete(name: string): Promise<boolean> {
    const rows = await this.#database.call(`DELETE FROM ${this.#table} WHERE name = $1 RETURNING name`, [name]);
    return rows.length > 0;
  }
}
