import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Event } from "../../../event/event.ts";
import { markReplay } from "../../../replay/replay-mark.ts";
import { integer, text } from "../storage/rows.ts";

/** The ids of replays, each under the small number that delivery rows carry. */
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

  /** The event as a replay delivers it; 0 stands for the event itself. */
  mark(event: Event, number: number): Event {
    return number === 0 ? event : markReplay(event, this.#idOf(number));
  }

  #idOf(number: number): string {
    const known = this.#ids.get(number);
    if (known !== undefined) return known;
    const id = text(this.#byNumber.get(number)?.replay);
    this.#ids.set(number, id);
    return id;
  }
}
