import type { Template } from "./project.ts";

/** A subscriber that asks a model by the AI SDK. */
export const aiSdk: Template = {
  summary: "a subscriber that calls a model by the AI SDK",
  dependencies: { ai: "^7.0.0" },
  files: ({ name }) => [
    { path: "events.ts", text: events },
    { path: "model.ts", text: model },
    { path: "functions/answerer/subscription.ts", text: subscription },
    { path: "functions/answerer/handler.ts", text: handler },
    { path: "test/answerer.test.ts", text: answererTest },
    { path: "README.md", text: readme(name) },
  ],
};

const events = `import { defineEvent } from "wagglebus";
import { standardCatalog } from "wagglebus/catalog";
import * as z from "zod";

/** Somebody asked something. */
export const questionAsked = defineEvent("question.asked", {
  description: "Somebody asked something.",
  data: z.looseObject({ question: z.string() }),
});

/** A model answered. */
export const questionAnswered = defineEvent("question.answered", {
  description: "A model answered.",
  data: z.looseObject({ question: z.string(), answer: z.string() }),
});

/** The standard types and those of this project. */
export const catalog = standardCatalog.extend([questionAsked, questionAnswered]);
`;

const model = `import { gateway, type wrapLanguageModel } from "ai";
import { MockLanguageModelV4 } from "ai/test";

type Model = Parameters<typeof wrapLanguageModel>[0]["model"];

/**
 * The model: the environment variable AI_MODEL names one of the AI Gateway, such as "anthropic/claude-sonnet-4.5" (with
 * AI_GATEWAY_API_KEY). Without it a stand-in answers, so that everything runs without a key. For a provider of your own:
 * npm i @ai-sdk/anthropic, and \`anthropic("claude-sonnet-4-5")\` here.
 */
export const model: Model = process.env.AI_MODEL === undefined ? standIn() : gateway(process.env.AI_MODEL);

function standIn(): Model {
  return new MockLanguageModelV4({
    modelId: "stand-in",
    doGenerate: {
      content: [{ type: "text", text: "I am a stand-in: set AI_MODEL to ask a model." }],
      finishReason: { unified: "stop", raw: "stop" },
      usage: {
        inputTokens: { total: 12, noCache: 12, cacheRead: 0, cacheWrite: 0 },
        outputTokens: { total: 11, text: 11, reasoning: 0 },
      },
      warnings: [],
    },
  });
}
`;

const subscription = `import { defineSubscription } from "wagglebus";
import { questionAsked } from "../../events.ts";

/** A model may be slow, and may be busy. */
export default defineSubscription({
  name: "answerer",
  on: questionAsked,
  attempts: 4,
  backoff: { from: "2s", to: "1m" },
  timeout: "60s",
  concurrency: 4,
});
`;

const handler = `import { generateText, wrapLanguageModel } from "ai";
import type { EventOf, Handler } from "wagglebus";
import { execution, publishModelCalls } from "wagglebus/ai-sdk";
import { questionAnswered } from "../../events.ts";
import { model } from "../../model.ts";
import type subscription from "./subscription.ts";

const answer: Handler<EventOf<typeof subscription>> = async (event, { bus, signal }) => {
  const { question } = event.data;
  // Each call of the model is an event: \`waggle flow\`, the page and budgets read its tokens. A retry goes on with the execution,
  // and one that was completed is not run again.
  const text = await execution(bus, { agentId: "answerer", input: question }, async (run) => {
    // The bus retries, with its backoff; \`signal\` is aborted when the time of the attempt is up.
    const { text } = await generateText({
      model: wrapLanguageModel({ model, middleware: publishModelCalls(run) }),
      prompt: question,
      maxRetries: 0,
      abortSignal: signal,
    });
    return text;
  });
  await bus.publish(questionAnswered, { question, answer: text }, { dedupe: "answer" });
};

export default answer;
`;

const answererTest = `import { strict as assert } from "node:assert";
import { test } from "node:test";
import { testBus } from "wagglebus/testing";
import { catalog, questionAsked } from "../events.ts";
import answer from "../functions/answerer/handler.ts";
import subscription from "../functions/answerer/subscription.ts";

test("a question is answered, and the tokens of the call are reported", async () => {
  const bus = testBus({ catalog });
  await bus.subscribe(subscription, answer);
  await bus.publish(questionAsked, { question: "How do bees tell where the food is?" });
  await bus.drain();
  const types = bus.published.map(({ type }) => type);
  assert.deepEqual(types, [
    "question.asked",
    "execution.started",
    "llm.call.started",
    "llm.call.completed",
    "execution.completed",
    "question.answered",
  ]);
});
`;

function readme(name: string): string {
  return `# ${name}

\`\`\`sh
npm install
npm test
npx waggle dev                                                   # runs functions/ and shows what happens
npx waggle publish question.asked '{"question":"Why waggle?"}'   # in another terminal
npx waggle flow <id>                                             # what came of it, with tokens
\`\`\`

Without a key a stand-in answers. For a model: \`AI_GATEWAY_API_KEY=… AI_MODEL=anthropic/claude-sonnet-4.5 npx waggle dev\`, or a provider of your own
in \`model.ts\`. A call that fails is tried again after 2 s to 1 min; after four attempts it is a dead letter: \`npx waggle dlq\`.
`;
}
