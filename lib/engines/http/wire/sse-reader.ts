/** A message of a stream of server-sent events, as it was received. */
export interface ReceivedMessage {
  /** The last id that the stream had, by this message or one before; empty where it had none. */
  readonly id: string;
  /** `message` where it does not say. */
  readonly event: string;
  readonly data: string;
}

/**
 * Reads a stream of server-sent events by the rules of the HTML standard. A message that is cut off is not given. `onId` is
 * called with the id after each message, also of one that has no data; `onBytes` whenever something comes, heartbeats included.
 */
export async function* readSse(
  body: AsyncIterable<Uint8Array>,
  { onId, onBytes }: { onId?: (id: string) => void; onBytes?: () => void } = {},
): AsyncGenerator<ReceivedMessage, void, void> {
  const decoder = new TextDecoder();
  let rest = "";
  let id = "";
  let event = "";
  let data: string[] = [];
  for await (const chunk of body) {
    onBytes?.();
    const lines = (rest + decoder.decode(chunk, { stream: true })).split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() ?? "";
    for (const line of lines) {
      if (line === "") {
        if (id !== "") onId?.(id);
        if (data.length > 0) yield { id, event: event === "" ? "message" : event, data: data.join("\n") };
        event = "";
        data = [];
        continue;
      }
      const colon = line.indexOf(":");
      const name = colon === -1 ? line : line.slice(0, colon);
      const value = colon === -1 ? "" : line.slice(colon + 1).replace(/^ /, "");
      if (name === "data") data.push(value);
      else if (name === "event") event = value;
      else if (name === "id" && !value.includes("\0")) id = value;
    }
  }
}
