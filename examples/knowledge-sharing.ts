// What one agent learns, all of its circle know. Run it in a clone: npm run build && npx node examples/knowledge-sharing.ts
import { connect } from "wagglebus";
import { project } from "wagglebus/agents";
import type { Print, Where } from "./options.ts";

type Knowledge = Readonly<Record<string, string>>;

export async function knowledgeSharing(where: Where = { engine: "memory" }, print: Print = console.log) {
  await using bus = await connect({ ...where, source: "memory" });

  /** What a memory manager does: it stores, and says what happened. */
  async function remember(memoryId: string, content: string, by: string, scope: "private" | "circle") {
    const metadata = { agentId: by, circleId: "5" };
    const memory = { memoryId, content };
    if (scope === "private") await bus.emit.memory.created({ ...memory, agentId: by }, { metadata });
    else await bus.emit.memory.shared({ ...memory, fromAgentId: by, circleId: "5" }, { metadata });
  }

  // Agent 2 indexes what others share, once each, also what was shared while it was away.
  await bus.subscribe(
    { name: "agent-2-index", on: "memory.shared", where: { metadata: { agentId: [{ "anything-but": "2" }] } } },
    async ({ data }, { bus }) => {
      print(`agent 2 learns: ${data.content}`);
      await bus.emit.knowledge.updated({ entities: [data.memoryId] }, { dedupe: "indexed" });
    },
  );

  // The circle's knowledge is a state made of these events: any process can have it, now or as it was.
  using knowledge = await project<Knowledge>(bus, {
    of: { type: "memory.shared" },
    initial: {},
    reduce: (known, { data }) => ({ ...known, [Object(data).memoryId]: Object(data).content }),
  });

  await remember("m1", "The connection string is in .env.production", "1", "circle");
  await remember("m2", "I am tired", "1", "private");
  await remember("m3", "Deploys are on Tuesdays", "2", "circle");
  const indexed = await bus.waitFor({ on: "knowledge.updated" }, { since: new Date(0) });
  print(`indexed: ${Object(indexed.data).entities}`);
  const known = await knowledge.until((state) => Object.keys(state).length === 2);
  print(`the circle knows: ${Object.keys(known).join(", ")}`);
}

if (import.meta.main) await knowledgeSharing();
