import { noRecordedEvent } from "../../../engine/errors.ts";
import type { EventHead } from "../../../engine/log-selection.ts";
import { BusError } from "../../../error/bus-error.ts";
import { idTime } from "../../../event/id.ts";
import type { AwsDependencies } from "../dependencies.ts";
import { type EventRows, logOf } from "./event-rows.ts";
import { batchShards, eventKey, keyInId, keyTime, logShard, timeKey } from "./keys.ts";
import { LiveLog, type LoggedRead, type LogTable, livePosition, type WantedEvents } from "./live-log.ts";
import { type Logged, type LogRow, logKey, parseLogRow } from "./log.ts";
import { merge } from "./merge.ts";
import type { Table } from "./table.ts";

/** Milliseconds by which a publisher's clock may be ahead of a recorder's. */
const clocksApartMs = 60_000;
/** An id of our own that is not older than this may belong to an event that is on its way to the table. */
const onItsWayMs = 600_000;
/** Events of the past that one read looks at, however few of them are wanted. */
const mostLookedAt = 4_096;
/** Any other id is searched so often, so many milliseconds apart. */
const tries = 10;
const retryEveryMs = 500;

/** Where reading begins in the past, or is there: after an entry of a row, and only events after a key. */
const pastForm = /^(\d{13})(?:\.([^.|]+)\.(\d+)\.(\d)\.(\d{6}))?\|(.*)$/s;

interface Past {
  readonly at: number;
  readonly sk: string;
  readonly shard: number;
  readonly index: number;
  readonly after: string;
}

/**
 * Reads recorded events in order of recording: what was recorded before this process first polled from the rows, and
 * from there on as {@link LiveLog} sees it, so that no recording is missed however late its row appears. Positions are
 * texts; `<` holds between all of one process.
 */
export class TableLog {
  readonly #dependencies: Pick<AwsDependencies, "clock">;
  readonly #table: LogTable & Pick<Table, "get">;
  readonly #rows: Pick<EventRows, "keysOf">;
  readonly #live: LiveLog;

  constructor(
    dependencies: Pick<AwsDependencies, "clock">,
    table: LogTable & Pick<Table, "get">,
    rows: Pick<EventRows, "keysOf">,
  ) {
    this.#dependencies = dependencies;
    this.#table = table;
    this.#rows = rows;
    this.#live = new LiveLog(dependencies.clock, table);
  }

  end(): Promise<string> {
    return this.#live.end();
  }

  /** Before what was accepted at a time. */
  fromTime(time: number): string {
    return `${timeKey(time - clocksApartMs)}|${timeKey(time)}`;
  }

  /** After an event, in order of acceptance. `not_found`. */
  async afterEvent(id: string): Promise<string> {
    for (let attempt = 1; ; attempt += 1) {
      for (const key of await this.#rows.keysOf([id], { consistent: true })) {
        const item = await this.#table.get(eventKey(key), { consistent: true });
        if (item === undefined) continue;
        const recorded = Number(logKey(logOf(item)).sk.slice(0, 13));
        return `${timeKey(Math.min(recorded, keyTime(key)) - clocksApartMs)}|${key}`;
      }
      const made = idTime(id);
      const own = keyInId(id);
      if (made !== undefined && own !== undefined && Math.abs(this.#dependencies.clock.now() - made) < onItsWayMs) {
        return `${timeKey(made - clocksApartMs)}|${own}`;
      }
      if (made !== undefined || attempt === tries) throw noRecordedEvent(id);
      await this.#wait(retryEveryMs);
    }
  }

  /** At most `limit` of those wanted after a position, in order, and the position after the last one looked at. */
  async after(position: string, limit: number, isWanted: (head: EventHead) => boolean): Promise<LoggedRead> {
    const wanted: WantedEvents = { limit, isWanted: ({ head }) => head === undefined || isWanted(head) };
    const live = livePosition(position);
    if (live !== undefined) {
      const read = await this.#live.after(live.position, live.after, wanted);
      if (read !== undefined) return read;
      // Read too slowly: what was seen since is not kept any more.
      return this.#fromRows(parsePast(`${live.position.slice(0, 13)}|${live.after}`), wanted);
    }
    return this.#fromRows(parsePast(position), wanted);
  }

  async #fromRows(past: Past, wanted: WantedEvents): Promise<LoggedRead> {
    const begin = await this.#live.begin();
    const entries: Logged[] = [];
    let lookedAt = 0;
    for await (const { row, shard } of this.#rowsFrom(past, timeKey(begin.at + 1))) {
      for (const [index, listed] of row.entries.entries()) {
        if (isRead(past, row, shard, index)) continue;
        lookedAt += 1;
        const position = `${row.sk}.${shard}.${String(index).padStart(6, "0")}`;
        if (listed.key > past.after && this.#live.isBefore(listed.key, row.at) && wanted.isWanted(listed)) {
          entries.push({ ...listed, position });
        }
        if (entries.length < wanted.limit && lookedAt < mostLookedAt) continue;
        return { entries, position: `${position}|${past.after}`, atEnd: false };
      }
    }
    const position = past.after === "" ? begin.position : `${begin.position}~${past.after}`;
    if (entries.length > 0) return { entries, position, atEnd: false };
    return (await this.#live.after(begin.position, past.after, wanted)) ?? { entries, position, atEnd: false };
  }

  #rowsFrom(past: Past, to: string): AsyncGenerator<{ row: LogRow; shard: number }, void, void> {
    const from = past.sk === "" ? timeKey(past.at) : past.sk;
    const table = this.#table;
    // The newest rows may not be in all copies of the table yet; this process has seen them, and takes them for past.
    const [, middle = to] = [from, timeKey(this.#live.closed), to].toSorted();
    const spans = [
      { from, to: middle, consistent: false },
      { from: middle, to, consistent: true },
    ];
    const shards = Array.from({ length: batchShards }, async function* (_, shard) {
      for (const span of spans) {
        for await (const items of table.query({ pk: logShard(shard), ...span, pageSize: 64 })) {
          yield items.map((item) => ({ row: parseLogRow(item), shard }));
        }
      }
    });
    return merge(shards, (one, other) => one.row.sk < other.row.sk);
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#dependencies.clock.setTimer(resolve, ms, { keepAlive: true });
    });
  }
}

/** Whether an entry lies at or before the position where reading goes on. */
function isRead(past: Past, row: LogRow, shard: number, index: number): boolean {
  if (row.sk !== past.sk) return false;
  return shard < past.shard || (shard === past.shard && index <= past.index);
}

function parsePast(position: string): Past {
  const match = pastForm.exec(position);
  if (match === null) {
    throw new BusError("invalid_config", `position ${JSON.stringify(position)} is not one of this bus`);
  }
  const [, time = "", name, part, shard, index, after = ""] = match;
  return {
    at: Number(time),
    sk: name === undefined ? "" : `${time}.${name}.${part}`,
    shard: Number(shard ?? -1),
    index: Number(index ?? -1),
    after,
  };
}
