/** Ids of the things that an event belongs to. History can be filtered by each of them. */
export interface EventIds {
  agentId?: string;
  userId?: string;
  streamId?: string;
  nodeId?: string;
  executionId?: string;
  circleId?: string;
  projectId?: string;
}

/** The names of the fields of {@link EventIds}. */
export const eventIdNames = [
  "agentId",
  "userId",
  "streamId",
  "nodeId",
  "executionId",
  "circleId",
  "projectId",
] as const satisfies readonly (keyof EventIds)[];

/** The context of an event: its flow, its cause, its priority. */
export interface EventMetadata extends EventIds {
  /** The version of the definition that validated the data. */
  version: number;
  /** The id of the flow; the event's own id if it starts one. */
  correlationId: string;
  /** The id of the event that caused this one. */
  causationId?: string;
  /** 1 (most urgent) to 10; default 5. */
  priority: number;
  /** RFC 3339, UTC. The event is never delivered after this time; history keeps it until its retention ends. */
  expiresAt?: string;
  /** RFC 3339, UTC. No subscription gets the event before it; history has it from its acceptance. */
  deliverAt?: string;
  tags?: readonly string[];
  /** W3C trace context. */
  traceparent?: string;
  tracestate?: string;
  /** Set on replayed deliveries and on what their handlers publish. A publisher may not set it. */
  replay?: { id: string };
}

/** An immutable fact. */
export interface Event<Type extends string = string, Data = unknown> {
  /** The idempotency key: 1 to 128 printable ASCII characters; a generated UUID v7 if the caller sets none. */
  readonly id: string;
  /** "domain.action.state", at most 128 characters. */
  readonly type: Type;
  /** The service or agent that published it; at most 256 characters. */
  readonly source: string;
  /** RFC 3339, UTC: when it happened. It may be in the past. */
  readonly time: string;
  /** The data as it was published, validated by the definition of its type. */
  readonly data: Data;
  readonly metadata: Readonly<EventMetadata>;
}

/** The metadata that a publisher may set; the rest is filled in. */
export type DraftMetadata = Partial<Omit<EventMetadata, "replay">>;

/** An event to be published; what it omits is filled in. */
export interface Draft<Type extends string = string, Data = unknown> {
  type: Type;
  data: Data;
  source?: string;
  /** RFC 3339 with an offset; default: now. */
  time?: string;
  id?: string;
  metadata?: DraftMetadata;
}
