import { type BusError, toBusError } from "../../error/bus-error.ts";
import type { Clock, Timer } from "../../runtime/clock.ts";
import type { Transport } from "./transport.ts";
import { type ReceivedMessage, readSse } from "./wire/sse-reader.ts";

export interface StreamDependencies {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly onError: (error: BusError) => void;
}

export interface StreamEvents {
  /** The session; rejects where the server is away. */
  open(): Promise<string>;
  /** The server does not know the session. */
  lost(session: string): Promise<void>;
  message(message: ReceivedMessage): void;
}

/** Milliseconds without a byte after which a connection counts as broken; a server sends a heartbeat every 15 s. */
const silenceMs = 50_000;
/** The longest pause before the stream is opened again. */
const longestPauseMs = 1_000;

/** The stream of a session, opened again whenever it ends, from behind the last message. */
export class Stream {
  readonly #dependencies: StreamDependencies;
  readonly #events: StreamEvents;
  readonly #stopping = new AbortController();
  #following = false;
  #lastId = "";

  constructor(dependencies: StreamDependencies, events: StreamEvents) {
    this.#dependencies = dependencies;
    this.#events = events;
  }

  start(): void {
    if (this.#following) return;
    this.#following = true;
    void this.#follow();
  }

  /** Another session begins with its first message. */
  reset(): void {
    this.#lastId = "";
  }

  stop(): void {
    this.#stopping.abort();
  }

  async #follow(): Promise<void> {
    let pauseMs = 10;
    while (!this.#stopping.signal.aborted) {
      try {
        await this.#read(await this.#events.open());
        pauseMs = 10;
      } catch {
        // The server is away; whoever calls it hears of it.
      }
      await this.#pause(pauseMs);
      pauseMs = Math.min(pauseMs * 2, longestPauseMs);
    }
  }

  async #read(session: string): Promise<void> {
    const { clock, transport, onError } = this.#dependencies;
    const broken = new AbortController();
    let silence: Timer;
    const heard = () => {
      clock.clearTimer(silence);
      silence = clock.setTimer(() => broken.abort(), silenceMs);
    };
    const signal = AbortSignal.any([this.#stopping.signal, broken.signal]);
    try {
      heard();
      const body = await transport.stream(`/v1/engine/sessions/${session}/stream`, this.#lastId, signal);
      const onId = (id: string) => {
        this.#lastId = id;
      };
      for await (const message of readSse(body, { onId, onBytes: heard })) {
        if (signal.aborted) return;
        try {
          this.#events.message(message);
        } catch (thrown) {
          onError(toBusError(thrown));
        }
      }
    } catch (thrown) {
      if (toBusError(thrown).code === "not_found") await this.#events.lost(session);
      else throw thrown;
    } finally {
      clock.clearTimer(silence);
    }
  }

  #pause(ms: number): Promise<void> {
    const { clock } = this.#dependencies;
    const { signal } = this.#stopping;
    return new Promise((resolve) => {
      const end = () => {
        clock.clearTimer(timer);
        signal.removeEventListener("abort", end);
        resolve();
      };
      const timer = clock.setTimer(end, ms);
      signal.addEventListener("abort", end);
      if (signal.aborted) end();
    });
  }
}
