import type { Clock } from "../../runtime/clock.ts";
import { within } from "../../runtime/within.ts";
import { eventStreamType, heartbeat } from "./sse.ts";

/** What a stream is made of. */
export interface StreamSource {
  /** What to send, piece by piece; it ends the stream where it ends. Its `return` is called when the client is gone. */
  readonly pieces: AsyncIterator<string, void, void>;
  readonly clock: Clock;
  /** Milliseconds without a piece after which a heartbeat is sent. */
  readonly heartbeatMs: number;
  /** Sent as a heartbeat; default: a comment. */
  readonly beat?: () => string;
}

/**
 * An answer that goes on. A piece is asked for once the one before is on its way, so that a client that does not read costs
 * one piece and no more; who never reads is cut off by the server.
 */
export function streamResponse({ pieces, clock, heartbeatMs, beat = () => heartbeat }: StreamSource): Response {
  const encoder = new TextEncoder();
  let next: Promise<IteratorResult<string, void>> | undefined;
  const body = new ReadableStream<Uint8Array>({
    pull: async (controller) => {
      next ??= pieces.next();
      const piece = await within(next, clock, heartbeatMs);
      if (piece === undefined) {
        controller.enqueue(encoder.encode(beat()));
        return;
      }
      next = undefined;
      if (piece.done === true) controller.close();
      else controller.enqueue(encoder.encode(piece.value));
    },
    cancel: async () => {
      await pieces.return?.();
    },
  });
  return new Response(body, {
    headers: { "content-type": eventStreamType, "cache-control": "no-store", "x-accel-buffering": "no" },
  });
}
