import type { DatabaseSync } from "node:sqlite";
import type { DeadLetter } from "../../../engine/delivery.ts";
import type { ErasureStore } from "../../../engine/erasure.ts";
import type { Event } from "../../../event/event.ts";
import type { DeadLetterTable } from "../dead-letters/dead-letter-table.ts";
import type { EventTable } from "../publishing/event-table.ts";
import type { FileAccess } from "../storage/file-access.ts";
import type { WriteAheadLog } from "../storage/write-ahead-log.ts";

export interface ErasedRowsDependencies {
  readonly access: FileAccess;
  readonly events: EventTable;
  readonly deadLetters: DeadLetterTable;
  readonly writeAheadLog: WriteAheadLog;
}

/** Rows whose data are erased: also the bytes that they had in the file are overwritten. */
export class ErasedRows implements ErasureStore {
  readonly #db: DatabaseSync;
  readonly #dependencies: ErasedRowsDependencies;

  constructor(db: DatabaseSync, dependencies: ErasedRowsDependencies) {
    this.#db = db;
    this.#dependencies = dependencies;
  }

  replaceEvents(ids: readonly string[], change: (event: Event) => Event): Promise<void> {
    return this.#overwrite(() => this.#dependencies.events.replace(ids, change));
  }

  replaceDeadLetters(ids: readonly string[], change: (deadLetter: DeadLetter) => DeadLetter): Promise<void> {
    return this.#overwrite(() => this.#dependencies.deadLetters.replace(ids, change));
  }

  /** The pages as they were are in the write-ahead log until it is written back. */
  async erased(): Promise<void> {
    await this.#dependencies.access.read(() => this.#dependencies.writeAheadLog.cut());
  }

  #overwrite(act: () => void): Promise<void> {
    return this.#dependencies.access.write(() => {
      this.#db.exec("PRAGMA secure_delete = ON");
      try {
        act();
      } finally {
        this.#db.exec("PRAGMA secure_delete = OFF");
      }
    });
  }
}
