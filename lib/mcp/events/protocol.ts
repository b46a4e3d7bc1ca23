import * as z from "zod";

/**
 * The names of the Events extension, by the text of SEP-3415 of October 2026 (`io.modelcontextprotocol/events`). The numbers of the error codes
 * are those that it requests.
 */
export const extensionId = "io.modelcontextprotocol/events";

/** Names the parent request in each notification of a stream. */
export const subscriptionIdKey = "io.modelcontextprotocol/subscriptionId";

/** What an occurrence tells of its event besides the data, in `_meta`. */
export const eventMetaKey = "wagglebus/event";

export const errorCodes = {
  invalidParams: -32_602,
  internal: -32_603,
  notFound: -32_023,
  forbidden: -32_024,
  resourceExhausted: -32_025,
  unsupported: -32_026,
  callbackEndpoint: -32_027,
} as const;

/** Events of one poll: where the client does not say, and at most. */
export const pollLimit = { default: 50, most: 200 } as const;

/** Milliseconds after which a client polls again that has all. */
export const nextPollMs = 5_000;

const name = z.string().min(1).max(128);
const cursor = z.string().min(1).max(2_048).nullable().exactOptional();
const maxAgeMs = z.int().min(0).nullable().exactOptional();

const text = z.string().min(1).max(256).exactOptional();

/** What narrows the events of a subscription. All that is given must hold. */
export const argumentsSchema = z.strictObject({
  source: text.describe("Who published it."),
  agentId: text.describe("metadata.agentId"),
  correlationId: text.describe("The flow."),
  tag: text.describe("One of metadata.tags."),
  where: z
    .record(z.string(), z.unknown())
    .exactOptional()
    .describe('An EventBridge pattern over the event, such as {"data": {"taskId": ["t1"]}}.'),
});

export type EventArguments = z.output<typeof argumentsSchema>;

/** What clients add is let through, for what later revisions add. */
export const listParams = z.looseObject({ cursor: z.string().max(256).nullable().exactOptional() });

export const streamParams = z.looseObject({
  name,
  arguments: argumentsSchema.nullable().exactOptional(),
  cursor,
  maxAgeMs,
});

export const pollParams = streamParams.extend({ maxEvents: z.int().min(1).nullable().exactOptional() });

/** Where a client wants its events posted to. The secret is the client's: nobody else can sign. */
const delivery = z.looseObject({ mode: z.string().max(64), url: z.string().min(1).max(2_048) });

export const subscribeParams = streamParams.extend({
  delivery: delivery.extend({ secret: z.string().max(256) }),
  ttlMs: z.number().nullable().exactOptional(),
});

export const unsubscribeParams = z.looseObject({
  name,
  arguments: argumentsSchema.nullable().exactOptional(),
  delivery: delivery.extend({ mode: z.string().max(64).exactOptional() }),
});

/** One event as it is sent. */
export interface Occurrence {
  readonly eventId: string;
  readonly name: string;
  readonly timestamp: string;
  readonly data: unknown;
  readonly cursor?: string;
  readonly _meta: Readonly<Record<string, unknown>>;
}
