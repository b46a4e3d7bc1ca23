import { appendFileSync, existsSync, readFileSync, truncateSync } from "node:fs";
import type { DeadLetter, RecordedEvent, StoredDelivery, SubscriptionRecord } from "wagglebus/engine";
import { z } from "zod";

interface Rows {
  readonly events: RecordedEvent & { readonly history: boolean };
  readonly subscriptions: SubscriptionRecord;
  readonly deliveries: StoredDelivery;
  readonly deadLetters: DeadLetter;
}
type Tables = { readonly [Name in keyof Rows]: Map<string, Rows[Name]> };

const name = z.enum(["events", "subscriptions", "deliveries", "deadLetters"]);
const row = z.custom<Rows[keyof Rows] | null>((value) => typeof value === "object");
const stepSchema = z.array(z.tuple([name, z.string(), row]));

/** Four tables in memory, and a file with a line for each step that changed them. */
export class Journal {
  readonly tables: Tables = {
    events: new Map(),
    subscriptions: new Map(),
    deliveries: new Map(),
    deadLetters: new Map(),
  };
  readonly #file: string;
  #step: z.infer<typeof stepSchema> | undefined = [];

  constructor(file: string) {
    this.#file = file;
    const lines = existsSync(file) ? readFileSync(file, "utf8").split("\n") : [""];
    // What follows the last line end was cut off: nobody was told that it is kept.
    if (lines.pop() !== "") truncateSync(file, Buffer.byteLength(lines.map((line) => `${line}\n`).join("")));
    for (const line of lines) {
      // Events are frozen, as they were when they were published.
      const step = JSON.parse(line, (_, value: unknown) => Object.freeze(value));
      for (const [name, key, row] of stepSchema.parse(step)) this.put(name, key, row);
    }
    this.#step = undefined;
  }

  /** Puts a row, or deletes it (`null`), in a step of its own where none is under way. Gives whether there was one. */
  put<Name extends keyof Rows>(name: Name, key: string, row: Rows[Name] | null): boolean {
    if (this.#step === undefined) return this.step(() => this.put(name, key, row));
    const table = this.tables[name];
    const found = table.has(key);
    this.#step.push([name, key, row]);
    if (row === null) table.delete(key);
    else table.set(key, row);
    return found;
  }

  /** Keeps all that `act` puts, or nothing. It outlives the process; to outlive a power cut, the file would need an fsync. */
  step<Result>(act: () => Result): Result {
    this.#step = [];
    try {
      const result = act();
      if (this.#step.length > 0) appendFileSync(this.#file, `${JSON.stringify(this.#step)}\n`);
      return result;
    } finally {
      this.#step = undefined;
    }
  }
}
