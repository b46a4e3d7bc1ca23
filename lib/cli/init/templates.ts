import { oldestNode } from "../node-version.ts";
import { aiSdk } from "./ai-sdk.ts";
import { cdk } from "./cdk.ts";
import { langGraph } from "./langgraph.ts";
import { plain } from "./plain.ts";
import type { Project, ProjectFile, Template } from "./project.ts";

/** What `--template` takes. */
export const templateNames = ["plain", "ai-sdk", "langgraph", "cdk"] as const;

/** One of {@link templateNames}. */
export type TemplateName = (typeof templateNames)[number];

/** The templates by their names. */
export const templates: Readonly<Record<TemplateName, Template>> = {
  plain,
  "ai-sdk": aiSdk,
  langgraph: langGraph,
  cdk,
};

/** The files of a new project: events, a subscriber that handles one, a test of it, and the configuration. */
export function projectFiles(project: Project, name: TemplateName): readonly ProjectFile[] {
  const template = templates[name];
  return [
    { path: "package.json", text: json(packageJson(project, template)) },
    { path: "tsconfig.json", text: json(tsconfig) },
    { path: ".gitignore", text: ["node_modules/", ".waggle/", ...(template.ignored ?? []), ""].join("\n") },
    { path: "waggle.config.ts", text: config(project.name) },
    ...template.files(project),
  ];
}

function packageJson({ name, wagglebus }: Project, template: Template): object {
  return {
    name,
    version: "0.1.0",
    private: true,
    type: "module",
    engines: { node: `>=${oldestNode}` },
    scripts: { dev: "waggle dev", test: "node --test", check: "tsc", ...template.scripts },
    dependencies: { wagglebus, zod: "^4.3.0", ...template.dependencies },
    devDependencies: { "@types/node": "^24.0.0", typescript: "^7.0.0", ...template.devDependencies },
  };
}

const tsconfig = {
  compilerOptions: {
    target: "ES2023",
    module: "nodenext",
    types: ["node"],
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    allowImportingTsExtensions: true,
    erasableSyntaxOnly: true,
  },
  exclude: ["node_modules", "cdk.out"],
};

function config(name: string): string {
  return `import { defineConfig } from "wagglebus";
import { catalog } from "./events.ts";

export default defineConfig({ source: ${JSON.stringify(name)}, catalog });
`;
}

function json(value: object): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
