import { runContext } from "../delivery/run-context.ts";
import { BusError } from "../error/bus-error.ts";
import { messageOf } from "../error/message-of.ts";

/** What ends a wait without a result, its time apart: its own signal, the end of the attempt that waits, or the bus's. */
export class WaitEnd {
  /** It ends when the first of them fires. */
  readonly signals: readonly AbortSignal[];
  readonly #call: string;
  readonly #given: AbortSignal | undefined;
  readonly #attempt: AbortSignal | undefined;
  readonly #closing: AbortSignal;

  /** `closing` fires when the bus closes. A call in a handler follows the attempt's signal without being given it. */
  constructor(call: string, given: AbortSignal | undefined, closing: AbortSignal) {
    this.#call = call;
    this.#given = given;
    this.#attempt = runContext.getStore()?.signal;
    this.#closing = closing;
    this.signals = [given, this.#attempt, closing].filter((signal) => signal !== undefined);
  }

  /** Why the wait has ended; undefined while none of them has fired. */
  reason(details: Readonly<Record<string, unknown>> = {}): BusError | undefined {
    const call = this.#call;
    if (this.#given?.aborted === true) {
      return new BusError("aborted", `${call} was aborted by its signal`, { cause: this.#given.reason, details });
    }
    if (this.#attempt?.aborted === true) {
      const { reason } = this.#attempt;
      const message = `${call} was aborted with the attempt that waits for it (${messageOf(reason)})`;
      return new BusError("aborted", message, { cause: reason, details });
    }
    if (!this.#closing.aborted) return undefined;
    return new BusError("closed", `the bus was closed while ${call} waited`, { details });
  }
}
