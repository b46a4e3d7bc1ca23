// The public entry `wagglebus/browser`: a client of `waggle serve` for web pages and whatever else has `fetch`. It imports nothing of
// Node, and no package.
import { BusError, readErrorCode } from "../error/bus-error.ts";
import type { Duration } from "../event/duration.ts";
import type { Draft, Event } from "../event/event.ts";
import type { EventMatchers } from "../history/event-matcher.ts";
import type { Flow } from "../history/flow.ts";
import type { PublishResult } from "../publish/options.ts";
import { isObject, Requests } from "./requests.ts";
import { follow, type TailFilter, type TailOptions } from "./tail.ts";
import { toEvent } from "./to-event.ts";

export { BusError } from "../error/bus-error.ts";
export type { TailFilter, TailOptions } from "./tail.ts";

/** Options of {@link createClient}. */
export interface ClientOptions {
  /** The address of the server, as `https://bus.example.com`; default: where the page came from. */
  readonly url?: string;
  /** A token of the server, made with `waggle token create`. */
  readonly token?: string;
  /** Default: the `fetch` of the page. */
  readonly fetch?: typeof fetch;
}

/** How to wait. */
export interface ClientWaitOptions {
  /** Also looks at what was accepted since: RFC 3339, or an event. */
  readonly since?: string | Event;
  /** Default 30 s, at most 10 min. */
  readonly timeout?: Duration;
  /** Ends it: `aborted`. */
  readonly signal?: AbortSignal;
}

/** A client of a server. Methods reject with {@link BusError} only: with the code that the server gave, or `unavailable`. */
export interface Client {
  /** Publishes one event. Give it an `id` where you may have to publish it again: then it is one event. */
  publish(draft: Draft, options?: { readonly signal?: AbortSignal }): Promise<Event>;
  /** Publishes several; one result for each, in order. */
  publishAll(drafts: readonly Draft[], options?: { readonly signal?: AbortSignal }): Promise<PublishResult[]>;
  /**
   * Follows events until the signal fires or the loop is left, over broken connections, without a gap and without one twice. Rejects only for what
   * does not pass by itself: a filter that is wrong, a token that has expired.
   */
  tail(filter?: TailFilter, options?: TailOptions): AsyncGenerator<Event, void, void>;
  /** A flow as a tree, by its correlation id or the id of one of its events. */
  flow(id: string, options?: { readonly signal?: AbortSignal }): Promise<Flow>;
  /** Waits for events, in every form that `bus.waitFor` takes. `timeout` where the time is over. */
  wait(wanted: EventMatchers, options?: ClientWaitOptions): Promise<Event[]>;
}

/** Makes a client. It connects with the first call, and needs no close. */
export function createClient({ url = "", token, fetch: send }: ClientOptions = {}): Client {
  // A page's own fetch insists on being called as a function of the page.
  const call: typeof fetch = send ?? ((...given) => fetch(...given));
  const requests = new Requests({ url: url.replace(/\/+$/, ""), token, fetch: call });
  const publishAll: Client["publishAll"] = async (drafts, { signal } = {}) => {
    if (drafts.length === 0) return [];
    const { results } = await requests.json("/v1/events", signal, drafts);
    const list: unknown[] = Array.isArray(results) ? results : [];
    return drafts.map((draft, index) => resultOf(list[index], draft));
  };
  return {
    publish: async (draft, options) => {
      const [result] = await publishAll([draft], options);
      if (result?.ok === true) return result.event;
      throw result?.error ?? new BusError("unavailable", "the server gave no result");
    },
    publishAll,
    tail: (filter = {}, options = {}) => follow(requests, filter, options),
    flow: async (id, { signal } = {}) => {
      const flow = await requests.json(`/v1/flows/${encodeURIComponent(id)}`, signal);
      if (isFlow(flow)) return flow;
      throw new BusError("unavailable", "the server answered with what is no flow", { retryable: false });
    },
    wait: async (wanted, { signal, since, timeout } = {}) => {
      const body = {
        for: wanted,
        ...(timeout === undefined ? {} : { timeout }),
        ...(since === undefined ? {} : { since: typeof since === "string" ? since : { id: since.id } }),
      };
      const { events } = await requests.json("/v1/wait", signal, body);
      return (Array.isArray(events) ? events : []).map(toEvent);
    },
  };
}

function isFlow(value: object): value is Flow {
  return "id" in value && "status" in value && "roots" in value && Array.isArray(value.roots);
}

function resultOf(result: unknown, draft: Draft): PublishResult {
  const { ok, event, error } = isObject(result) ? result : {};
  if (ok === true) return { ok: true, event: toEvent(event) };
  const { code, message, retryable, details } = isObject(error) ? error : {};
  return {
    ok: false,
    draft,
    error: new BusError(
      typeof code === "string" ? readErrorCode(code) : "unavailable",
      typeof message === "string" ? message : "the server gave no result",
      { retryable: retryable === true, details: isObject(details) ? details : {} },
    ),
  };
}
