import { expect, onTestFinished } from "vitest";
import { type ReceivedMessage, readSse } from "../../../lib/engines/http/wire/sse-reader.ts";
import type { Event } from "../../../lib/index.ts";

/** A stream as a client reads it. */
export class SseStream {
  lastId = "";
  readonly #messages: AsyncGenerator<ReceivedMessage, void, void>;
  readonly #controller: AbortController;

  constructor(response: Response, controller: AbortController) {
    if (response.body === null) throw new Error("there is no stream");
    this.#controller = controller;
    this.#messages = readSse(response.body, {
      onId: (id) => {
        this.lastId = id;
      },
    });
  }

  async message(): Promise<ReceivedMessage> {
    const { value, done } = await this.#messages.next();
    if (done === true || value === undefined) throw new Error("the stream has ended");
    return value;
  }

  async next(): Promise<Event> {
    return JSON.parse((await this.message()).data);
  }

  async take(count: number): Promise<Event[]> {
    const events: Event[] = [];
    while (events.length < count) events.push(await this.next());
    return events;
  }

  /** Whether the server ends it before another event. */
  async ends(): Promise<boolean> {
    return (await this.#messages.next()).done === true;
  }

  cut(): void {
    this.#controller.abort();
  }
}

/** Opens a stream until the test has finished. */
export async function openStream(url: string, path: string, lastId = ""): Promise<SseStream> {
  const controller = new AbortController();
  onTestFinished(() => controller.abort());
  const response = await fetch(url + path, {
    signal: controller.signal,
    ...(lastId === "" ? {} : { headers: { "last-event-id": lastId } }),
  });
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toBe("text/event-stream");
  return new SseStream(response, controller);
}
