import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Event } from "../../../event/event.ts";
import { markReplay } from "../../../replay/replay-mark.ts";
import { integer, text } from "../storage/rows.ts";

/** The ids of replays, each under the small number that rows carry; 0 stands for none. */
export class Replays {
  readonly #insert: StatementSync;
  readonly #byId: StatementSync;
  readonly #byNumber: StatementSync;
  readonly #ids = new Map<number, string>();

  constructor(db: DatabaseSync) {
    this.#insert = db.prepare("INSERT OR IGNORE INTO replays (replay) VALUES (?)");
    this.#byId = db.prepare("SELECT id FROM replays WHERE replay = ?");
    this.#byNumber = db.prepare("SELECT replay FROM replays WHERE id = ?");
  }

  /** The number of a replay; gives it one, within a transaction, where it has none. */
  numberOf(id: string): number {
    this.#insert.run(id);
    return integer(this.#byId.get(id)?.id);
  }

  /** The id under a number; undefined for 0. Throws where it cannot be read. */
  idOf(number: number): string | undefined {
    if (number === 0) return undefined;
    const known = this.#ids.get(number);
    if (known !== undefined) return known;
    const id = text(this.#byNumber.get(number)?.replay);
    this.#ids.set(number, id);
    return id;
  }
}

/** An event as it is delivered: marked where it is replayed. */
export function asDelivered(event: Event, replayId: string | undefined): Event {
  return replayId === undefined ? event : markReplay(event, replayId);
}
