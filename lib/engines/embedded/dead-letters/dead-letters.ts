import type { DeadLetterStore } from "../../../engine/dead-letter-store.ts";
import type { DeadLetter } from "../../../engine/delivery.ts";
import type { DeadLetterPage, DeadLetterQuery, PageOptions } from "../../../engine/queries.ts";
import type { FileAccess } from "../storage/file-access.ts";
import type { DeadLetterTable } from "./dead-letter-table.ts";

/** The dead letters of the file. */
export class EmbeddedDeadLetters implements DeadLetterStore {
  readonly #access: FileAccess;
  readonly #table: DeadLetterTable;

  constructor(access: FileAccess, table: DeadLetterTable) {
    this.#access = access;
    this.#table = table;
  }

  async put(deadLetter: DeadLetter): Promise<void> {
    return this.#access.write(() => this.#table.put(deadLetter));
  }

  async list(query: DeadLetterQuery, page: PageOptions): Promise<DeadLetterPage> {
    return this.#access.read(() => this.#table.list(query, page));
  }

  async get(id: string): Promise<DeadLetter | undefined> {
    return this.#access.read(() => this.#table.get(id));
  }

  async delete(id: string): Promise<boolean> {
    // What is gone stays gone: a redrive, which has deleted its dead letter, needs no second transaction.
    const exists = await this.#access.read(() => this.#table.has(id));
    return exists && (await this.#access.write(() => this.#table.delete(id)));
  }
}
