import type { PublishData } from "./data-types.ts";

/** Ids of the things that an event belongs to. History can be filtered by each of them. */
export interface EventIds {
  /** The agent that published it, or that it is about. */
  agentId?: string;
  /** The user on whose behalf it happened. */
  userId?: string;
  /** The stream that it is a part of. */
  streamId?: string;
  /** The node of a workflow. */
  nodeId?: string;
  /** The execution of a workflow. */
  executionId?: string;
  /** The circle, a group of agents. */
  circleId?: string;
  /** The project. */
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
  /**
   * How many events caused each other in a row before this one: one more than its cause has. Absent: none. A publisher that
   * gives 0 starts anew, for recursion that is meant; at most 1,000,000.
   */
  hops?: number;
  /** 1 (most urgent) to 10; default 5. */
  priority: number;
  /** RFC 3339, UTC. The event is never delivered after this time; history keeps it until its retention ends. */
  expiresAt?: string;
  /** RFC 3339, UTC. No subscription gets the event before it; history has it from its acceptance. */
  deliverAt?: string;
  /** At most 50 strings of 1 to 256 characters; history can be filtered by them. */
  tags?: readonly string[];
  /** W3C trace context, such as `00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01`. */
  traceparent?: string;
  /** W3C trace state, of at most 512 characters; only with `traceparent`. */
  tracestate?: string;
  /** Set where the data of the event was erased: then `data` is empty. A publisher may not set it. */
  erased?: {
    /** RFC 3339: when. */
    readonly at: string;
  };
  /** Set on replayed deliveries and on what their handlers publish. A publisher may not set it. */
  replay?: {
    /** The id of the replay, as in its report. */
    readonly id: string;
  };
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
  /** The context: flow, cause, priority, times, trace. */
  readonly metadata: Readonly<EventMetadata>;
}

/** The metadata that a publisher may set; the rest is filled in. */
export type DraftMetadata = Partial<Omit<EventMetadata, "replay" | "erased">>;

/** An event to be published; what it omits is filled in. */
export interface Draft<Type extends string = string, Data = unknown> {
  /** "domain.action.state", a type of the catalog or `custom.*`. */
  type: Type;
  /** What the definition of the type accepts. It is copied, and must be JSON. */
  data: PublishData<Data>;
  /** The service or agent that publishes; default: the `source` of the bus. */
  source?: string;
  /** RFC 3339 with an offset; default: now. */
  time?: string;
  /** 1 to 128 printable ASCII characters; default: a new UUID v7. Published again, it is a duplicate. */
  id?: string;
  /** Default: the cause, flow and trace of the event being handled; otherwise a flow of its own. */
  metadata?: DraftMetadata;
}
