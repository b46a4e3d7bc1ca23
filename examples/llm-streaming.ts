// The text of a model reaches a browser as it is written, and a reader who comes late has it from its beginning. Needs
// npm i hono @hono/node-server. Run it in a clone: npm run build && npx node examples/llm-streaming.ts
import { coalesce, connect } from "wagglebus";
import { createClient } from "wagglebus/browser";
import { createServer } from "wagglebus/server";
import type { Print, Where } from "./options.ts";

/** Any model that streams. `wagglebus/ai-sdk` and the other adapters publish its text by themselves. */
async function* model() {
  yield* ["Bees ", "tell the hive ", "where the food is ", "by a dance."];
}

export async function llmStreaming(where: Where = { engine: "memory" }, print: Print = console.log) {
  // Four pieces are fewer events, in order: history keeps none of them, and readers get all.
  await using bus = await connect({ ...where, source: "writer", use: [coalesce({ every: "20ms" })] });
  const server = await createServer(bus, { port: 0, needsToken: false });
  const { url } = await server.listen();

  const page = async () => {
    let text = "";
    let length = Number.POSITIVE_INFINITY;
    const onReset = () => {
      text = "";
    };
    const tail = createClient({ url }).tail(
      { streamId: "answer-1" },
      { deltas: true, onReset, since: "1970-01-01T00:00:00Z" },
    );
    for await (const { type, data } of tail) {
      if (type === "llm.text.delta") text += Object(data).content;
      // It may come before the last pieces, so that it says how long the text is.
      if (type === "llm.call.completed") length = Object(data).length;
      if (text.length >= length) break;
    }
    return text;
  };

  const metadata = { streamId: "answer-1" };
  const early = page();
  await bus.emit.llm.call.started({ model: "model-x" }, { metadata });
  let length = 0;
  for await (const content of model()) {
    length += content.length;
    // Not awaited: an agent need not wait for its readers.
    void bus.emit.llm.text.delta({ content }, { metadata });
  }
  const answer = { model: "model-x", outputTokens: 12, finishReason: "stop", length };
  await bus.emit.llm.call.completed(answer, { metadata });
  print(`read along: ${await early}`);
  print(`came late:  ${await page()}`);
  const { events } = await bus.history.query({ streamId: "answer-1", order: "oldest" });
  print(`in history: ${events.map(({ type }) => type).join(", ")}`);
  await server.close();
}

if (import.meta.main) await llmStreaming();
