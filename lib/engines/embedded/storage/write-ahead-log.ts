import { statSync } from "node:fs";
import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Logger } from "../../../runtime/logger.ts";
import { integer } from "./rows.ts";

export interface WriteAheadLogOptions {
  readonly file: string;
  readonly logger: Logger;
  /** Bytes above which the log is cut back. */
  readonly limit: number;
}

/**
 * Keeps SQLite's write-ahead log small. It grows for as long as any process has a read transaction open, since what came after
 * that began cannot be written back, and SQLite would never shrink it again. The engine's own reads end within their turn of
 * the event loop, so that it is another program then; nobody but its user can end it.
 */
export class WriteAheadLog {
  readonly #options: WriteAheadLogOptions;
  readonly #truncate: StatementSync;
  readonly #pageSize: number;
  #held = false;

  constructor(db: DatabaseSync, options: WriteAheadLogOptions) {
    this.#options = options;
    // Where a reader or a writer is in the way it writes back what it can, and cuts nothing.
    this.#truncate = db.prepare("PRAGMA wal_checkpoint(TRUNCATE)");
    this.#pageSize = integer(db.prepare("PRAGMA page_size").get()?.page_size);
  }

  /** Outside of a transaction, from time to time: cuts the log back where it is too long, or says once that a reader holds it. */
  check(): void {
    const { file, limit, logger } = this.#options;
    const bytes = statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0;
    const heldBytes = bytes > limit ? this.#writeBack() : 0;
    if (heldBytes === undefined) return;
    if (heldBytes <= limit) {
      if (this.#held && bytes <= limit) {
        this.#held = false;
        logger.info(`${file}: the write-ahead log is short again`, { file });
      }
      return;
    }
    if (this.#held) return;
    this.#held = true;
    logger.warn(
      `${file}: another program has a read transaction open, and until that ends the write-ahead log grows: ${Math.round(bytes / 2 ** 20)} MiB so far; find it by \`fuser ${file}\` and end it`,
      { file, logBytes: bytes, heldBytes, command: `fuser ${file}` },
    );
  }

  /** Outside of a transaction: writes it back and cuts it, as far as no reader is in the way. */
  cut(): void {
    this.#writeBack();
  }

  /** Gives how many bytes could not be written back; undefined where another process is at it. */
  #writeBack(): number | undefined {
    try {
      const row = this.#truncate.get();
      return (integer(row?.log) - integer(row?.checkpointed)) * this.#pageSize;
    } catch {
      // The next check tries again; a failure that lasts is met by whoever writes.
      return undefined;
    }
  }
}
