import { HttpAgent } from "@ag-ui/client";

/** What the client of AG-UI has made of a stream. */
export interface Verdict {
  readonly messages: unknown;
  readonly state: unknown;
  readonly types: readonly string[];
}

/** Has the client of AG-UI read a stream, which checks each event and their order. Rejects for what it does not accept. */
export async function judge(stream: string): Promise<Verdict> {
  const types: string[] = [];
  const failures: unknown[] = [];
  const agent = new HttpAgent({
    url: "http://127.0.0.1/",
    threadId: "f",
    initialState: {},
    fetch: async () => new Response(stream, { headers: { "content-type": "text/event-stream" } }),
  });
  await agent.runAgent(
    {},
    {
      onEvent: ({ event }) => void types.push(event.type),
      onRunFailed: ({ error }) => void failures.push(error),
    },
  );
  if (failures.length > 0) throw failures[0];
  return { messages: agent.messages, state: agent.state, types };
}
