import type { Template } from "./project.ts";

/** A subscriber that needs nothing but the bus. */
export const plain: Template = {
  summary: "an event and a subscriber",
  files: ({ name }) => [
    { path: "events.ts", text: greeterEvents },
    { path: "functions/greeter/subscription.ts", text: greeterSubscription },
    { path: "functions/greeter/handler.ts", text: greeterHandler },
    { path: "test/greeter.test.ts", text: greeterTest },
    { path: "README.md", text: readme(name) },
  ],
};

/** Also what the template of a CDK app deploys. */
export const greeterEvents = `import { defineEvent } from "wagglebus";
import { standardCatalog } from "wagglebus/catalog";
import * as z from "zod";

/** Somebody came in. */
export const visitorArrived = defineEvent("visitor.arrived", {
  description: "Somebody came in.",
  data: z.looseObject({ name: z.string() }),
});

/** Somebody was greeted. */
export const visitorGreeted = defineEvent("visitor.greeted", {
  description: "Somebody was greeted.",
  data: z.looseObject({ name: z.string(), greeting: z.string() }),
});

/** The standard types and those of this project. */
export const catalog = standardCatalog.extend([visitorArrived, visitorGreeted]);
`;

export const greeterSubscription = `import { defineSubscription } from "wagglebus";
import { visitorArrived } from "../../events.ts";

export default defineSubscription({ name: "greeter", on: visitorArrived });
`;

export const greeterHandler = `import type { EventOf, Handler } from "wagglebus";
import { visitorGreeted } from "../../events.ts";
import type subscription from "./subscription.ts";

/** An attempt that failed runs again; \`dedupe\` keeps it from publishing twice. */
const greet: Handler<EventOf<typeof subscription>> = async (event, { bus, log }) => {
  log.info("greeting", { name: event.data.name });
  const greeting = \`Hello, \${event.data.name}!\`;
  await bus.publish(visitorGreeted, { name: event.data.name, greeting }, { dedupe: "greeting" });
};

export default greet;
`;

export const greeterTest = `import { strict as assert } from "node:assert";
import { test } from "node:test";
import { testBus } from "wagglebus/testing";
import { catalog, visitorArrived } from "../events.ts";
import greet from "../functions/greeter/handler.ts";
import subscription from "../functions/greeter/subscription.ts";

test("a visitor is greeted by name", async () => {
  const bus = testBus({ catalog });
  await bus.subscribe(subscription, greet);
  await bus.publish(visitorArrived, { name: "Ada" });
  await bus.drain();
  assert.deepEqual(bus.published.at(-1)?.data, { name: "Ada", greeting: "Hello, Ada!" });
});
`;

function readme(name: string): string {
  return `# ${name}

\`\`\`sh
npm install
npm test
npx waggle dev                                            # runs functions/ and shows what happens; prints the address of its page
npx waggle publish visitor.arrived '{"name":"Ada"}'       # in another terminal
npx waggle flow <id>                                      # what came of it
\`\`\`

A function is a folder \`functions/<name>/\`: \`subscription.ts\` says what it wants, \`handler.ts\` does the work. The events are in
\`events.ts\`, the settings of the bus in \`waggle.config.ts\`. \`npm run check\` checks the types.
`;
}
