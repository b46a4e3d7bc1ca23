import type { Position } from "../../engine/event-log.ts";
import { BusError } from "../../error/bus-error.ts";
import { shortForm } from "../../error/short-form.ts";

/**
 * Positions of the log as opaque texts, for clients to go on from. Those of a log that ends with its process name that
 * process: after a restart the same number would be another place.
 */
export class Cursors {
  readonly #scope: string;

  /** `scope`: names the log where it is not durable; else empty. */
  constructor(scope: string) {
    this.#scope = scope === "" ? "" : `${scope}.`;
  }

  encode(position: Position): string {
    const text = typeof position === "number" ? `n${position}` : `s${Buffer.from(position).toString("base64url")}`;
    return this.#scope + text;
  }

  /** Throws `invalid_config` for what no server gave, `not_found` for one of a log that is gone. */
  decode(cursor: string): Position {
    const [, scope = "", form, text = ""] = /^([0-9a-f-]{36}\.)?([ns])([\w-]{1,512})$/.exec(cursor) ?? [];
    if (form === undefined || (form === "n" && !/^\d{1,15}$/.test(text))) {
      throw new BusError(
        "invalid_config",
        `${shortForm(cursor)} is not an id of this stream; use the last \`id\` that it sent`,
      );
    }
    if (scope !== this.#scope) {
      throw new BusError(
        "not_found",
        "the stream cannot go on from there: the bus kept its events in memory, and was started anew; begin again without Last-Event-ID",
      );
    }
    return form === "n" ? Number(text) : Buffer.from(text, "base64url").toString("utf8");
  }
}
