// Writes docs/reference/api from the docstrings of the public entries; `--check` only says whether it is up to date.
// TypeDoc cannot run on TypeScript 7, so it is installed apart, with a TypeScript of its own, on the first call.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { entries } from "../entries.mjs";

const root = fileURLToPath(new URL("../../", import.meta.url));
const here = fileURLToPath(new URL("./", import.meta.url));
const target = join(root, "docs/reference/api");

const about: Readonly<Record<string, string>> = {
  wagglebus: "the bus, events, subscriptions, patterns: what most programs need",
  "wagglebus/catalog": "the standard catalog and its definitions",
  "wagglebus/agents": "what agents need beyond events: steps, effects once, questions, leases, budgets",
  "wagglebus/ai-sdk": "what agents of Vercel's AI SDK do, as events",
  "wagglebus/openai-agents": "what agents of OpenAI's Agents SDK do, as events",
  "wagglebus/langgraph": "what graphs of LangGraph.js do, as events",
  "wagglebus/claude-agent": "what agents of the Claude Agent SDK do, as events",
  "wagglebus/mcp-client": "the tools that an MCP client calls, as events",
  "wagglebus/telemetry": "OpenTelemetry spans of the bus",
  "wagglebus/engine": "the ports that an engine implements, and what engines are built from",
  "wagglebus/engine/contract": "the contract suite, for an engine of your own",
  "wagglebus/engine/contract/worker": "what the worker processes of the contract suite run",
  "wagglebus/aws": "the aws engine, for a program that is bundled",
  "wagglebus/postgres": "the postgres engine, with all its options",
  "wagglebus/browser": "a client of `waggle serve` for web pages",
  "wagglebus/server": "the HTTP server of `waggle serve`, inside a program of your own",
  "wagglebus/outbox": "events stored in your own transaction, and published to any bus after it",
  "wagglebus/outbox/dynamodb": "an outbox in a table of DynamoDB",
  "wagglebus/kafka": "the kafka engine, with all its options",
  "wagglebus/lambda": "a subscription's handler as a Lambda function",
  "wagglebus/cdk": "constructs and stacks",
  "wagglebus/dev": "runs functions from a program that gives them work, as `waggle dev` does",
  "wagglebus/testing": "a bus for unit tests, and its clock",
  "wagglebus/sim": "a whole bus under one seed, and the check of a history",
};

const options = {
  plugin: ["typedoc-plugin-markdown", join(here, "entry-names.mjs"), join(here, "documented.mjs")],
  entryPoints: entries.map(({ file }) => join(root, file)),
  tsconfig: join(root, "tsconfig.json"),
  basePath: root,
  name: "Wagglebus",
  readme: "none",
  // `npm run typecheck` does that, with the compiler that the project uses.
  skipErrorChecking: true,
  // Line numbers would change the pages with every edit.
  disableSources: true,
  disableGit: true,
  excludeExternals: true,
  excludePrivate: true,
  excludeInternal: true,
  sort: ["alphabetical"],
  logLevel: "Error",
  outputFileStrategy: "modules",
  hidePageHeader: true,
  hideBreadcrumbs: true,
  hideGroupHeadings: true,
  useCodeBlocks: true,
  // Its own anchors count more than headings, so that some would not be those of a Markdown reader.
  useHTMLAnchors: true,
  parametersFormat: "table",
  propertyMembersFormat: "table",
  interfacePropertiesFormat: "table",
  classPropertiesFormat: "table",
  typeAliasPropertiesFormat: "table",
  typeDeclarationFormat: "table",
  tableColumnSettings: { hideInherited: true, hideModifiers: true, hideOverrides: true, hideSources: true },
};

/** Installs TypeDoc where it is missing, in the versions of its own lock file, and gives the folder. */
function installTypeDoc(): string {
  const lock = readFileSync(join(here, "package-lock.json"));
  const hash = createHash("sha256").update(lock).digest("hex").slice(0, 16);
  const folder = join(root, "node_modules/.cache/api-docs", hash);
  const mark = join(folder, "installed");
  if (!existsSync(mark)) {
    console.error("installing TypeDoc; this takes some seconds");
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    for (const name of ["package.json", "package-lock.json"]) cpSync(join(here, name), join(folder, name));
    run("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], folder);
    writeFileSync(mark, "");
  }
  return folder;
}

/** Writes the pages into a folder. */
function generate(folder: string): void {
  const tool = installTypeDoc();
  // TypeDoc looks for its plugins from the file of its options.
  const config = join(tool, `options-${process.pid}.json`);
  try {
    writeFileSync(config, JSON.stringify({ ...options, out: folder }));
    run(process.execPath, [join(tool, "node_modules/typedoc/bin/typedoc"), "--options", config], root);
  } finally {
    rmSync(config, { force: true });
  }
  for (const { name, page } of entries) {
    const file = join(folder, `${page}.md`);
    const text = readFileSync(file, "utf8").replace(/^# .*/, `# \`${name}\``);
    writeFileSync(file, text.replaceAll(/[ \t]+$/gm, ""));
  }
  writeFileSync(join(folder, "README.md"), index());
}

function run(command: string, args: readonly string[], cwd: string): void {
  const { status, error } = spawnSync(command, args, { cwd, stdio: ["ignore", 2, 2] });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${command} ended with exit code ${status}; its message is above`);
}

function index(): string {
  const rows = entries.map(({ name, page }) => `| [\`${name}\`](${page}.md) | ${about[name] ?? ""} |`);
  return `# API reference

Every public name, from its docstring. \`npm run docs:api\` writes these pages; do not edit them by hand.

| import | contents |
|---|---|
${rows.join("\n")}
`;
}

/** The text of every page in a folder, by its path. */
function read(folder: string): Map<string, string> {
  if (!existsSync(folder)) return new Map();
  const pages = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith(".md"));
  return new Map(pages.toSorted().map((path) => [path, readFileSync(join(folder, path), "utf8")]));
}

function check(): void {
  const folder = mkdtempSync(join(tmpdir(), "wagglebus-api-"));
  try {
    generate(folder);
    const [wanted, found] = [read(folder), read(target)];
    const stale = [...new Set([...wanted.keys(), ...found.keys()])].filter(
      (path) => wanted.get(path) !== found.get(path),
    );
    for (const path of stale) console.error(`docs/reference/api/${path} is not what the docstrings say`);
    if (stale.length > 0) {
      console.error("Run: npm run docs:api");
      process.exitCode = 1;
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (process.argv.includes("--check")) check();
else {
  rmSync(target, { recursive: true, force: true });
  generate(target);
  console.log(`${read(target).size} pages in docs/reference/api`);
}
