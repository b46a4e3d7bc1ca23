/** Ids of what an event belongs to; each may be filtered on in history. */
export interface EventIds {
  agentId?: string;
  userId?: string;
  streamId?: string;
  nodeId?: string;
  executionId?: string;
  circleId?: string;
  projectId?: string;
}

/** The names of {@link EventIds}, for code that walks them. */
export const eventIdNames = [
  "agentId",
  "userId",
  "streamId",
  "nodeId",
  "executionId",
  "circleId",
  "projectId",
] as const satisfies readonly (keyof EventIds)[];

/** What surrounds an event's data: its flow, its cause, its urgency. */
export interface EventMetadata extends EventIds {
  /** Version of the definition that validated the data. */
  version: number;
  /** The flow; the event's own id where it starts one. */
  correlationId: string;
  /** The id of the event that caused this one. */
  causationId?: string;
  /** 1 (most urgent) to 10; 5 where nothing was said. */
  priority: number;
  /** RFC 3339, UTC. Never delivered after it; history keeps the event until its retention ends. */
  expiresAt?: string;
  /** RFC 3339, UTC. No subscription gets the event before it; history has it from its acceptance. */
  deliverAt?: string;
  tags?: readonly string[];
  /** W3C trace context. */
  traceparent?: string;
  tracestate?: string;
  /** Set on replayed deliveries, and on what their handlers publish; refused from a publisher. */
  replay?: { id: string };
}

/** An immutable fact. */
export interface Event<Type extends string = string, Data = unknown> {
  /** UUID v7 where the caller gave none; else 1 to 128 printable ASCII characters: the idempotency key. */
  readonly id: string;
  /** "domain.action.state", at most 128 characters. */
  readonly type: Type;
  /** The service or agent that published it; at most 256 characters. */
  readonly source: string;
  /** RFC 3339, UTC: when it happened. May lie in the past. */
  readonly time: string;
  /** As it was published; validated by the definition of its type. */
  readonly data: Data;
  readonly metadata: Readonly<EventMetadata>;
}

/** The metadata that a publisher may give; what is left out is filled in. */
export type DraftMetadata = Partial<Omit<EventMetadata, "replay">>;

/** An event to publish, before it has an id and a flow. */
export interface Draft<Type extends string = string, Data = unknown> {
  type: Type;
  data: Data;
  source?: string;
  /** RFC 3339 with an offset; now where nothing was said. */
  time?: string;
  id?: string;
  metadata?: DraftMetadata;
}
