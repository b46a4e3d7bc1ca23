import * as z from "zod";
import { EndPositions } from "../../engine/end-positions.ts";
import type {
  Appended,
  Entry,
  EventLog,
  LogPage,
  LogPageOptions,
  LogRead,
  Position,
  PositionOf,
  RecordedEvent,
} from "../../engine/event-log.ts";
import type { HistoryQuery, StatsQuery, StatsRow } from "../../engine/queries.ts";
import type { Event } from "../../event/event.ts";
import { AppendQueue } from "./append-queue.ts";
import { freezeEvent } from "./freeze.ts";
import type { SessionClient } from "./session-client.ts";
import type { Transport } from "./transport.ts";
import { logEntrySchema, positionSchema, recordedEventSchema, wireEvent } from "./wire/schemas.ts";

const pageSchema = z.object({ events: z.array(recordedEventSchema), cursor: z.string().exactOptional() });
const eventsSchema = z.object({ events: z.array(recordedEventSchema) });
const readSchema = z.object({ events: z.array(logEntrySchema), position: positionSchema });
const statsSchema = z.object({
  rows: z.array(z.object({ from: z.string().exactOptional(), type: z.string(), count: z.number() })),
});

/** The log of the server's bus. */
export class HttpLog implements EventLog {
  readonly #transport: Transport;
  readonly #appends: AppendQueue;
  readonly #positions: EndPositions;

  constructor(transport: Transport, session: Pick<SessionClient, "limitsTold" | "changes">) {
    this.#transport = transport;
    this.#positions = new EndPositions(transport.url, () => this.#position("end"));
    const before = () => {
      const waits = [this.#positions.answered(), session.limitsTold()].filter((wait) => wait !== undefined);
      return waits.length === 0 ? undefined : Promise.all(waits);
    };
    this.#appends = new AppendQueue(transport, before, () => session.changes.notify());
  }

  /** Resolves when nothing is on its way. */
  drained(): Promise<void> {
    return this.#appends.drained();
  }

  append(entry: Entry): Promise<Appended> {
    return this.#appends.add(entry);
  }

  async get(id: string): Promise<Event | undefined> {
    const { event } = await this.#transport.call("/v1/engine/get", z.object({ event: wireEvent.exactOptional() }), {
      id,
    });
    return event === undefined ? undefined : freezeEvent(event);
  }

  async query(query: HistoryQuery, page: LogPageOptions): Promise<LogPage> {
    return frozen(await this.#transport.call("/v1/engine/query", pageSchema, { query, page }));
  }

  position(of: PositionOf): Promise<Position> {
    return of === "end" ? this.#positions.get() : this.#position(of);
  }

  async #position(of: PositionOf): Promise<Position> {
    return (await this.#transport.call("/v1/engine/position", z.object({ position: positionSchema }), { of })).position;
  }

  async readAfter(after: Position, limit: number): Promise<LogRead> {
    return frozen(await this.#transport.call("/v1/engine/read", readSchema, { after, limit }));
  }

  async flow(correlationId: string): Promise<RecordedEvent[]> {
    return frozen(await this.#transport.call("/v1/engine/flow", eventsSchema, { correlationId })).events;
  }

  async stats(query: StatsQuery): Promise<StatsRow[]> {
    return (await this.#transport.call("/v1/engine/stats", statsSchema, { query })).rows;
  }
}

function frozen<Found extends { readonly events: readonly RecordedEvent[] }>(found: Found): Found {
  for (const { event } of found.events) freezeEvent(event);
  return found;
}
