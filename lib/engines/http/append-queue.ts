import type { Appended, Entry } from "../../engine/event-log.ts";
import { BusError, readErrorCode, toBusError } from "../../error/bus-error.ts";
import { freezeEvent } from "./freeze.ts";
import type { Transport } from "./transport.ts";
import { appendResultsSchema } from "./wire/schemas.ts";

interface Waiting {
  readonly entry: Entry;
  /** The event as JSON. */
  readonly text: string;
  readonly resolve: (appended: Appended) => void;
  readonly reject: (error: BusError) => void;
}

/** Entries of one request: the more, the less each costs; the fewer, the sooner the first of them is there. */
const batchSize = 1_000;
/** Characters of the data of one request, roughly: a server takes 8 MiB by default. */
const batchBytes = 4_000_000;

/**
 * Appends in batches: while one is on its way, what is published collects for the next. So the order of publishing is kept, and
 * a single publish does not wait.
 */
export class AppendQueue {
  readonly #transport: Transport;
  readonly #before: () => Promise<unknown> | undefined;
  readonly #appended: () => void;
  #waiting: Waiting[] = [];
  #sending = false;
  #idle: (() => void)[] = [];

  /** `before` says what has to be done before a batch is sent; `appended` is called after each. */
  constructor(transport: Transport, before: () => Promise<unknown> | undefined, appended: () => void) {
    this.#transport = transport;
    this.#before = before;
    this.#appended = appended;
  }

  add(entry: Entry): Promise<Appended> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ entry, text: JSON.stringify(entry.event), resolve, reject });
      if (this.#sending) return;
      this.#sending = true;
      // What is published in the same turn goes together.
      queueMicrotask(() => void this.#send());
    });
  }

  /** Resolves when nothing is on its way. */
  drained(): Promise<void> {
    return this.#sending ? new Promise((resolve) => this.#idle.push(resolve)) : Promise.resolve();
  }

  async #send(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#take();
      const before = this.#before();
      if (before !== undefined) await before;
      try {
        await this.#sendBatch(batch);
      } catch (thrown) {
        for (const { reject } of batch) reject(toBusError(thrown));
      }
      this.#appended();
    }
    this.#sending = false;
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  #take(): Waiting[] {
    let bytes = 0;
    let count = 0;
    for (const { text } of this.#waiting) {
      bytes += text.length;
      if (count > 0 && (bytes > batchBytes || count >= batchSize)) break;
      count += 1;
    }
    return this.#waiting.splice(0, count);
  }

  async #sendBatch(batch: readonly Waiting[]): Promise<void> {
    // Sent again after a broken connection, an event must be known by its id: the first sending may have arrived.
    const send = (again: boolean) =>
      this.#transport.call("/v1/engine/append", appendResultsSchema, undefined, {
        repeatable: again,
        text: bodyOf(batch, again),
      });
    let again = false;
    const { results } = await send(false).catch((thrown: unknown) => {
      const { code, retryable } = toBusError(thrown);
      if (code !== "unavailable" || !retryable) throw thrown;
      again = true;
      return send(true);
    });
    for (const [index, { entry, resolve, reject }] of batch.entries()) {
      const result = results[index];
      if (result === undefined)
        reject(new BusError("unavailable", "the server answered with fewer results than it was sent events"));
      else if (!result.ok) {
        const { code, message, retryable, details } = result.error;
        reject(new BusError(readErrorCode(code), message, { retryable, details }));
      } else if (!result.duplicate) resolve({ event: entry.event, duplicate: false });
      else {
        const event = result.event === undefined ? entry.event : freezeEvent(result.event);
        resolve({ event, duplicate: entry.ownId || !again });
      }
    }
  }
}

function bodyOf(batch: readonly Waiting[], again: boolean): string {
  const entries = batch.map(
    ({ entry: { ownId, history, inHandler }, text }) =>
      `{"event":${text},"ownId":${ownId || again},"history":${history},"inHandler":${inHandler}}`,
  );
  return `{"entries":[${entries.join(",")}]}`;
}
