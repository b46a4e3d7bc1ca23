import { oldestNode } from "../node-version.ts";

/** A file of a new project. */
export interface ProjectFile {
  /** Inside the folder of the project. */
  readonly path: string;
  readonly text: string;
}

/** What a template is made for. */
export interface Project {
  /** The name of the package: `my-agents`. */
  readonly name: string;
  /** What package.json asks for as `wagglebus`: a range, or the path of a packed file. */
  readonly wagglebus: string;
}

/** The files of a new project: an event, a subscriber that handles it, and the configuration. */
export function projectFiles(project: Project): readonly ProjectFile[] {
  return [
    { path: "package.json", text: json(packageJson(project)) },
    { path: "tsconfig.json", text: json(tsconfig) },
    { path: ".gitignore", text: "node_modules/\n.waggle/\n" },
    { path: "waggle.config.ts", text: config(project.name) },
    { path: "events.ts", text: events },
    { path: "functions/greeter/subscription.ts", text: subscription },
    { path: "functions/greeter/handler.ts", text: handler },
    { path: "README.md", text: readme(project.name) },
  ];
}

function packageJson({ name, wagglebus }: Project): object {
  return {
    name,
    version: "0.1.0",
    private: true,
    type: "module",
    engines: { node: `>=${oldestNode}` },
    scripts: { dev: "waggle dev" },
    dependencies: { wagglebus, zod: "^4.3.0" },
  };
}

const tsconfig = {
  compilerOptions: {
    target: "ES2023",
    module: "nodenext",
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    allowImportingTsExtensions: true,
    erasableSyntaxOnly: true,
  },
};

const events = `import { defineEvent } from "wagglebus";
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

const subscription = `import { defineSubscription } from "wagglebus";
import { visitorArrived } from "../../events.ts";

export default defineSubscription({ name: "greeter", on: visitorArrived });
`;

const handler = `import type { EventOf, Handler } from "wagglebus";
import { visitorGreeted } from "../../events.ts";
import type subscription from "./subscription.ts";

const greet: Handler<EventOf<typeof subscription>> = async (event, { bus, log }) => {
  log.info("greeting", { name: event.data.name });
  await bus.publish(visitorGreeted, { name: event.data.name, greeting: \`Hello, \${event.data.name}!\` });
};

export default greet;
`;

function config(name: string): string {
  return `import { defineConfig } from "wagglebus";
import { catalog } from "./events.ts";

export default defineConfig({ source: ${JSON.stringify(name)}, catalog });
`;
}

function readme(name: string): string {
  return `# ${name}

\`\`\`sh
npm install
npx waggle dev                                            # runs functions/ and shows what happens
npx waggle publish visitor.arrived '{"name":"Ada"}'       # in another terminal
npx waggle flow <id>                                      # what came of it
\`\`\`

A function is a folder \`functions/<name>/\`: \`subscription.ts\` says what it wants, \`handler.ts\` does the work. The events are in
\`events.ts\`, the settings of the bus in \`waggle.config.ts\`.
`;
}

function json(value: object): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
