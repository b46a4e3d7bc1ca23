import { BusError } from "../../error/bus-error.ts";
import { forwardedHeader, isRefused } from "../pull/peers.ts";
import type { Server } from "../server-context.ts";
import { eventStreamType } from "../streams/sse.ts";

/** Headers of a request that its owner needs. */
const passedOn = ["authorization", "accept", "last-event-id"];

/**
 * Has the server answer that a session belongs to, another one of the same bus on this machine, by the sender's own token; a stream is passed on as
 * it comes. `undefined` where the session is this server's, or its server is not known or gone: then it is not found here either. So no client is
 * pinned to a server, whatever balances the load before them.
 */
export async function forwardToOwner(
  { peers }: Pick<Server, "peers">,
  session: string,
  request: Request,
  { body, signal }: { readonly body?: unknown; readonly signal: AbortSignal },
): Promise<Response | undefined> {
  const owner = await peers.ownerOf(session);
  if (owner === undefined || owner === "own" || request.headers.has(forwardedHeader)) return undefined;
  const headers = new Headers({ [forwardedHeader]: "1" });
  for (const name of passedOn) {
    const value = request.headers.get(name);
    if (value !== null) headers.set(name, value);
  }
  if (body !== undefined) headers.set("content-type", "application/json");
  const { pathname } = new URL(request.url);
  try {
    const answer = await fetch(new URL(pathname, owner.url), {
      method: request.method,
      headers,
      signal,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const type = answer.headers.get("content-type") ?? "";
    const given = { "cache-control": "no-store", ...(type === "" ? {} : { "content-type": type }) };
    const content = type.startsWith(eventStreamType) ? untilItBreaks(answer.body) : await answer.text();
    return new Response(answer.status === 204 ? null : content, { status: answer.status, headers: given });
  } catch (thrown) {
    if (isRefused(thrown)) {
      await peers.forget(session);
      return undefined;
    }
    throw new BusError("unavailable", "the server of the session did not answer; send it again", { cause: thrown });
  }
}

/** A stream that ends where the other one breaks, or is given up: who reads it opens another, and goes on. */
function untilItBreaks(body: ReadableStream<Uint8Array> | null): ReadableStream<Uint8Array> | null {
  const reader = body?.getReader();
  if (reader === undefined) return null;
  return new ReadableStream<Uint8Array>({
    pull: async (controller) => {
      try {
        const { done, value } = await reader.read();
        if (done) controller.close();
        else controller.enqueue(value);
      } catch {
        controller.close();
      }
    },
    cancel: async (reason) => {
      await reader.cancel(reason).catch(() => {});
    },
  });
}
