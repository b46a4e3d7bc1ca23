import {
  type McpServer,
  ProtocolError,
  type ServerCapabilities,
  type ServerContext,
} from "@modelcontextprotocol/server";
import * as z from "zod";
import type { Clock } from "../../runtime/clock.ts";
import type { McpAccess } from "../access.ts";
import { parseInput } from "../tool.ts";
import { checkName, listEvents } from "./descriptors.ts";
import { type Answerable, noSuchMode, toProtocolError } from "./errors.ts";
import { EventFeed, type FeedSource } from "./feed.ts";
import {
  errorCodes,
  extensionId,
  listParams,
  nextPollMs,
  pollLimit,
  pollParams,
  streamParams,
  subscribeParams,
  subscriptionIdKey,
  unsubscribeParams,
} from "./protocol.ts";
import { streamEvents } from "./stream.ts";
import type { EventWebhooks } from "./webhooks.ts";

/** What MCP Events are served from, and to whom. */
export interface EventsOptions {
  readonly source: FeedSource;
  readonly access: McpAccess;
  /** Whether the caller may subscribe at all. */
  readonly maySubscribe: boolean;
  /** Whether that still holds; asked from time to time while a stream is open. */
  readonly isAllowed: () => Promise<boolean>;
  readonly clock: Clock;
  /** Milliseconds without an event after which a stream sends a heartbeat. */
  readonly heartbeatMs: number;
  /** Fires when the server ends: streams end with their result. */
  readonly closing: AbortSignal;
  readonly toError: (thrown: unknown) => Answerable;
  /** Absent where nothing is pushed to others: then no event lists it, and the methods are not there. */
  readonly webhooks?: EventWebhooks | undefined;
}

/** Anything: what is wrong is refused by the handler, with a code of the bus. */
const anyParams = z.unknown();

type Params = z.output<typeof pollParams>;

/** Serves MCP Events (SEP-3415) by poll, by push, and by webhook where there are some, on the extension points of the SDK. */
export function registerEvents({ server }: McpServer, options: EventsOptions): void {
  // The SDK has no such capability. The second key is that of the sketch before the SEP, which some clients still read.
  const capabilities = { extensions: { [extensionId]: {} }, events: {} };
  server.registerCapabilities(capabilities as ServerCapabilities);
  const handle = (
    method: string,
    run: (params: unknown, context: ServerContext) => Promise<Record<string, unknown>>,
  ) => {
    server.setRequestHandler(method, { params: anyParams }, async (params, context) => {
      try {
        if (!options.maySubscribe) throw forbidden("this needs the role subscribe");
        return await run(params ?? {}, context);
      } catch (thrown) {
        throw toProtocolError(thrown, options.toError);
      }
    });
  };
  handle("events/list", async (given) => {
    const { cursor } = parseInput("events/list", listParams, given);
    const { source, access, webhooks } = options;
    const delivery = ["poll", "push", ...(webhooks === undefined ? [] : ["webhook"])];
    return { ...listEvents({ catalog: source.catalog, access, delivery }, cursor ?? undefined) };
  });
  handle("events/poll", async (given) => poll(options, parseInput("events/poll", pollParams, given)));
  handle("events/stream", async (given, context) => {
    return stream(options, parseInput("events/stream", streamParams, given), context);
  });
  const { webhooks } = options;
  if (webhooks === undefined) return;
  handle("events/subscribe", async (given) => subscribe(options, webhooks, given));
  handle("events/unsubscribe", async (given) => {
    const { name, arguments: narrowed, delivery } = parseInput("events/unsubscribe", unsubscribeParams, given);
    await webhooks.unsubscribe({ name, arguments: narrowed ?? {}, url: delivery.url });
    return {};
  });
}

async function subscribe(
  options: EventsOptions,
  webhooks: EventWebhooks,
  given: unknown,
): Promise<Record<string, unknown>> {
  const mode: unknown = Object(Object(given).delivery).mode;
  if (typeof mode === "string" && mode !== "webhook") throw noSuchMode(mode);
  const params = parseInput("events/subscribe", subscribeParams, given);
  const { name, arguments: narrowed, delivery } = params;
  // A wrong name or argument is refused before anything is sent to anybody.
  feedOf(options, params);
  return {
    ...(await webhooks.subscribe({
      name,
      arguments: narrowed ?? {},
      url: delivery.url,
      secret: delivery.secret,
      cursor: params.cursor ?? undefined,
      maxAgeMs: params.maxAgeMs ?? undefined,
      ttlMs: params.ttlMs,
    })),
  };
}

async function poll(options: EventsOptions, params: Params): Promise<Record<string, unknown>> {
  const feed = feedOf(options, params);
  const begin = await feed.begin(params.cursor ?? undefined, params.maxAgeMs ?? undefined);
  const answer = { truncated: begin.truncated, nextPollMs };
  if (params.cursor === undefined || params.cursor === null) {
    return { events: [], cursor: feed.encode(begin), hasMore: false, ...answer };
  }
  const limit = Math.min(params.maxEvents ?? pollLimit.default, pollLimit.most);
  const { events, hasMore, ...place } = await feed.read(begin, limit);
  return { events: events.map((entry) => feed.occurrence(entry)), cursor: feed.encode(place), hasMore, ...answer };
}

async function stream(
  options: EventsOptions,
  params: z.output<typeof streamParams>,
  { mcpReq }: ServerContext,
): Promise<Record<string, unknown>> {
  const feed = feedOf(options, params);
  const begin = await feed.begin(params.cursor ?? undefined, params.maxAgeMs ?? undefined);
  const _meta = { [subscriptionIdKey]: mcpReq.id };
  const notify = (method: string, given: Readonly<Record<string, unknown>>) => {
    const { _meta: own, ...rest } = given;
    return mcpReq.notify({ method, params: { ...rest, _meta: { ...Object(own), ..._meta } } });
  };
  const { clock, closing, heartbeatMs, isAllowed, source } = options;
  const signal = AbortSignal.any([mcpReq.signal, closing]);
  const end = await streamEvents(source, feed, begin, { clock, heartbeatMs, isAllowed, signal, notify });
  if (end === "forbidden") {
    const { code, message, data } = forbidden("the token has ended, or was revoked");
    await notify("notifications/events/terminated", { error: { code, message, data } });
  }
  return { _meta };
}

function feedOf(
  { access, source }: EventsOptions,
  { name, arguments: given }: Pick<Params, "name" | "arguments">,
): EventFeed {
  checkName(source.catalog, name);
  access.checkTypes([name]);
  return new EventFeed(source, name, given ?? {});
}

function forbidden(message: string): ProtocolError {
  return new ProtocolError(errorCodes.forbidden, message, { code: "forbidden" });
}
