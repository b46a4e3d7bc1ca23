import type { Template } from "./project.ts";

/** A subscriber that runs a graph of LangGraph. */
export const langGraph: Template = {
  summary: "a subscriber that runs a graph of LangGraph",
  dependencies: { "@langchain/core": "^1.4.0", "@langchain/langgraph": "^1.7.0" },
  files: ({ name }) => [
    { path: "events.ts", text: events },
    { path: "graph.ts", text: graph },
    { path: "functions/writer/subscription.ts", text: subscription },
    { path: "functions/writer/handler.ts", text: handler },
    { path: "test/writer.test.ts", text: writerTest },
    { path: "README.md", text: readme(name) },
  ],
};

const events = `import { defineEvent } from "wagglebus";
import { standardCatalog } from "wagglebus/catalog";
import * as z from "zod";

/** Somebody wants a report. */
export const reportRequested = defineEvent("report.requested", {
  description: "Somebody wants a report.",
  data: z.looseObject({ topic: z.string() }),
});

/** A node of the graph has run. */
export const reportStepCompleted = defineEvent("report.step.completed", {
  description: "A node of the graph has run.",
  data: z.looseObject({ node: z.string() }),
});

/** The report is written. */
export const reportWritten = defineEvent("report.written", {
  description: "The report is written.",
  data: z.looseObject({ topic: z.string(), report: z.string() }),
});

/** The standard types and those of this project. */
export const catalog = standardCatalog.extend([reportRequested, reportStepCompleted, reportWritten]);
`;

const graph = `import { Annotation, END, START, StateGraph } from "@langchain/langgraph";

const State = Annotation.Root({
  topic: Annotation<string>(),
  notes: Annotation<string[]>(),
  report: Annotation<string>(),
});

/** The nodes need no key: call your model in them. */
export const graph = new StateGraph(State)
  .addNode("research", ({ topic }) => ({ notes: [\`\${topic}: what is known\`, \`\${topic}: what is new\`] }))
  .addNode("write", ({ topic, notes }) => ({ report: [\`# \${topic}\`, ...notes.map((note) => \`- \${note}\`)].join("\\n") }))
  .addEdge(START, "research")
  .addEdge("research", "write")
  .addEdge("write", END)
  .compile();
`;

const subscription = `import { defineSubscription } from "wagglebus";
import { reportRequested } from "../../events.ts";

export default defineSubscription({
  name: "writer",
  on: reportRequested,
  attempts: 4,
  backoff: { from: "2s", to: "1m" },
  timeout: "5m",
  concurrency: 4,
});
`;

const handler = `import { type EventOf, type Handler, NonRetriableError } from "wagglebus";
import { execution, threadConfig } from "wagglebus/langgraph";
import { reportStepCompleted, reportWritten } from "../../events.ts";
import { graph } from "../../graph.ts";
import type subscription from "./subscription.ts";

/** Others see each step as it is done, and each call of a model. A retry runs the graph anew, and publishes no step twice. */
const write: Handler<EventOf<typeof subscription>> = async (event, { bus, signal }) => {
  const { topic } = event.data;
  const report = await execution(bus, { agentId: "writer", input: topic }, async (run) => {
    // With a checkpointer, the thread goes on where it stopped: \`run.resumed ? null : { topic }\`.
    const updates = await graph.stream({ topic }, { ...threadConfig(run), streamMode: "updates", signal });
    let written: string | undefined;
    for await (const update of updates) {
      for (const node of Object.keys(update)) await bus.publish(reportStepCompleted, { node }, { dedupe: node });
      written = update.write?.report ?? written;
    }
    return written;
  });
  if (report === undefined) throw new NonRetriableError("the graph ended without a report");
  await bus.publish(reportWritten, { topic, report }, { dedupe: "report" });
};

export default write;
`;

const writerTest = `import { strict as assert } from "node:assert";
import { test } from "node:test";
import { testBus } from "wagglebus/testing";
import { catalog, reportRequested } from "../events.ts";
import write from "../functions/writer/handler.ts";
import subscription from "../functions/writer/subscription.ts";

test("a report is written, step by step", async () => {
  const bus = testBus({ catalog });
  await bus.subscribe(subscription, write);
  await bus.publish(reportRequested, { topic: "Bees" });
  await bus.drain();
  const types = bus.published.map(({ type }) => type);
  assert.deepEqual(types, [
    "report.requested",
    "execution.started",
    "report.step.completed",
    "report.step.completed",
    "execution.completed",
    "report.written",
  ]);
});
`;

function readme(name: string): string {
  return `# ${name}

\`\`\`sh
npm install
npm test
npx waggle dev                                              # runs functions/ and shows what happens
npx waggle publish report.requested '{"topic":"Bees"}'      # in another terminal
npx waggle flow <id>                                        # each step of the graph
\`\`\`

The graph is in \`graph.ts\`; its nodes need no key until you call a model in them. \`functions/writer/\` runs it for each \`report.requested\` and
publishes an event for each node, so that others follow it. A run that fails starts anew after 2 s to 1 min; after four attempts it is a
dead letter: \`npx waggle dlq\`.
`;
}
