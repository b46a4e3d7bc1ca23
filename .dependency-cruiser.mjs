// The import arrows of the layout. `npm run check:arrows` checks them and proves that each rule bites.

/** What words and data rest on. */
const words = ["error", "event", "pattern", "subscription"];
/** What happens to an event, on the ports alone. */
const ports = [...words, "runtime", "engine"];
const flow = ["publish", "delivery", "history", "dead-letters", "replay"];

/** For each folder of lib, the other folders that it may import. */
const arrows = {
  error: [],
  event: ["error"],
  pattern: ["error", "event"],
  subscription: ["error", "event", "pattern"],
  catalog: ["error", "event"],
  runtime: ["error", "event"],
  engine: [...words, "runtime"],
  "engine/contract": [...ports, ...flow, "catalog", "bus", "connect"],
  delivery: ports,
  publish: [...ports, "delivery"],
  "dead-letters": ports,
  history: [...ports, "delivery", "dead-letters"],
  replay: [...ports, "delivery", "history"],
  bus: [...ports, ...flow],
  forward: [...ports, ...flow, "bus"],
  migrate: [...ports, "bus"],
  explain: [...ports, ...flow, "bus"],
  agents: [...ports, ...flow, "catalog", "bus"],
  adapters: [...ports, ...flow, "catalog", "bus", "agents"],
  alerts: [...ports, ...flow, "catalog", "bus"],
  "aws-shared": [...words, "runtime", "engine"],
  engines: [...ports, ...flow, "aws-shared"],
  outbox: [...ports, ...flow, "bus", "aws-shared", "engines"],
  connect: [...ports, ...flow, "catalog", "bus", "alerts", "aws-shared", "engines"],
  testing: [...ports, ...flow, "catalog", "bus", "engines", "connect"],
  sim: [...ports, ...flow, "bus", "aws-shared", "engines", "connect", "lambda"],
  lambda: [...ports, ...flow, "catalog", "bus", "alerts", "aws-shared", "engines", "connect", "outbox"],
  server: [
    ...ports,
    ...flow,
    "catalog",
    "bus",
    "alerts",
    "engines",
    "connect",
    "mcp",
    "dashboard",
    "explain",
    "telemetry",
  ],
  telemetry: [...ports, ...flow, "bus"],
  dashboard: [...ports, ...flow, "browser"],
  mcp: [...ports, ...flow, "bus"],
  browser: ["error", "event", "history", "publish", "engines"],
  cli: [
    ...ports,
    ...flow,
    "catalog",
    "bus",
    "alerts",
    "engines",
    "outbox",
    "connect",
    "server",
    "migrate",
    "mcp",
    "explain",
    "telemetry",
  ],
  cdk: [...words, "catalog", "alerts/rules", "aws-shared"],
};
const core =
  "^lib/(error|event|pattern|subscription|catalog|runtime|engine(?!/contract/)|publish|delivery|history|dead-letters|replay|bus|forward|migrate|explain|aws-shared)/";
/** Dev dependencies that users have as well, and a module of types alone, which has no file to resolve to. */
const published =
  "^(node_modules/(zod|pg|@types/pg|protobufjs|@opentelemetry/api|@platformatic/kafka|@aws-sdk|@smithy|aws-cdk-lib|cdk-nag|cockatiel|constructs|esbuild|hono|@hono|standardwebhooks|@modelcontextprotocol|vitest|ai|@ai-sdk|@openai|@langchain|@types/aws-lambda)/|picocolors/types[.]js$)";
const entries =
  "^(lib/index|lib/aws-entry|lib/postgres-entry|lib/kafka-entry|lib/server-entry|lib/outbox-entry|lib/outbox-dynamodb-entry|lib/engine-entry|lib/adapters/(ai-sdk|openai-agents|langgraph|claude-agent|mcp-client)|lib/(agents|browser|catalog|cdk|cli/dev|lambda|sim|telemetry|testing)/index|lib/engine/contract/(index|worker)|lib/dashboard/page/main|bin/[^/]+)[.]tsx?$";

/** The contract suite lies in the folder of the ports, and is a folder of its own here. @param {string[]} folders */
const foldersOf = (folders) =>
  `^lib/(${folders.map((folder) => (folder === "engine" ? "engine(?!/contract/)" : folder)).join("|")})/`;

/** @type {import("dependency-cruiser").IForbiddenRuleType[]} */
const layers = Object.entries(arrows).map(([folder, allowed]) => ({
  name: `${folder}-imports`,
  comment: `lib/${folder} may import ${allowed.length === 0 ? "no other folder" : `only ${allowed.join(", ")}`}.`,
  severity: "error",
  from: { path: foldersOf([folder]) },
  to: {
    path: "^(lib|bin)/",
    pathNot: foldersOf([folder, ...allowed]),
    // The type `Bus` names the standard events where no others are given, and what a bus is made of names the type `Bus`.
    ...([...flow, "bus"].includes(folder) && { dependencyTypesNot: ["type-only"] }),
  },
}));

/** @type {import("dependency-cruiser").IConfiguration} */
export default {
  forbidden: [
    ...layers,
    {
      name: "bus-knows-no-events",
      comment: "The bus takes the standard catalog's types, and nothing else from above.",
      severity: "error",
      from: { path: foldersOf(["bus", ...flow]) },
      to: { path: "^(lib|bin)/", pathNot: foldersOf(["bus", "catalog", ...arrows.bus]) },
    },
    {
      name: "folder-without-arrows",
      comment: "A new folder of lib takes its place in the table above.",
      severity: "error",
      from: { path: "^lib/[^/]+/", pathNot: foldersOf(Object.keys(arrows)) },
      to: {},
    },
    {
      name: "core-is-portable",
      comment: "What every engine shares knows neither AWS nor the file system.",
      severity: "error",
      from: { path: core },
      to: { dependencyTypes: ["core"], pathNot: "^(node:)?(async_hooks|crypto|util)$" },
    },
    {
      name: "core-has-few-packages",
      comment: "What every engine shares, the browser's client too, stays small.",
      severity: "error",
      from: { path: core },
      to: { path: "node_modules/", pathNot: "node_modules/(zod|fastest-levenshtein)/" },
    },
    {
      name: "engines-are-independent",
      comment: "An engine imports no other engine.",
      severity: "error",
      from: { path: "^lib/engines/([^/]+)/" },
      to: { path: "^lib/engines/", pathNot: "^lib/engines/$1/" },
    },
    {
      name: "sqlite-only-when-used",
      comment: "Only the embedded engine imports node:sqlite, so that the other engines run where it is missing.",
      severity: "error",
      from: { pathNot: "^lib/engines/embedded/" },
      to: { path: "^(node:)?sqlite$", dynamic: false, dependencyTypesNot: ["type-only"] },
    },
    {
      name: "cockatiel-only-when-used",
      comment: "Whoever wants no circuit breaker needs no package for it.",
      severity: "error",
      from: {},
      to: { path: "node_modules/cockatiel/", dynamic: false, dependencyTypesNot: ["type-only"] },
    },
    {
      name: "frameworks-are-the-users",
      comment: "An adapter takes the types of its framework alone, so that nobody needs one whose adapter is not used.",
      severity: "error",
      from: { path: "^(lib|bin)/" },
      to: {
        path: "node_modules/(ai|@ai-sdk|@openai|@langchain|@modelcontextprotocol/client)/",
        dependencyTypesNot: ["type-only"],
      },
    },
    {
      name: "frameworks-in-their-adapters",
      comment: "Each framework has one adapter, and what adapters share knows none.",
      severity: "error",
      from: { path: "^(lib|bin)/", pathNot: "^lib/adapters/(ai-sdk|openai-agents|langgraph|mcp-client)[.]ts$" },
      to: { path: "node_modules/(ai|@ai-sdk|@openai|@langchain|@modelcontextprotocol/client)/" },
    },
    {
      name: "embedded-only-when-used",
      comment: "The embedded engine is loaded by import(), when a bus asks for it.",
      severity: "error",
      from: { pathNot: "^lib/engines/embedded/" },
      to: { path: "^lib/engines/embedded/", dynamic: false, dependencyTypesNot: ["type-only"] },
    },
    {
      name: "aws-only-when-used",
      comment: "The aws engine and the SDK are loaded by import(), when a bus asks for them.",
      severity: "error",
      from: { pathNot: "^lib/((engines/aws|lambda|outbox/dynamo|sim/aws)/|(aws|outbox-dynamodb)-entry[.]ts$)" },
      to: {
        path: "^(lib/(engines|sim)/aws/|node_modules/@aws-sdk/)",
        dynamic: false,
        dependencyTypesNot: ["type-only"],
      },
    },
    {
      name: "postgres-only-when-used",
      comment: "The postgres engine is loaded by import(), when a bus asks for it, and so is pg by the engine.",
      severity: "error",
      from: { pathNot: "^lib/(engines/postgres/|postgres-entry[.]ts$)" },
      to: { path: "^lib/engines/postgres/", dynamic: false, dependencyTypesNot: ["type-only"] },
    },
    {
      name: "pg-only-when-used",
      comment: "Who brings a pool of their own, and takes no notifications, need not have pg.",
      severity: "error",
      from: { path: "^(lib|bin)/" },
      to: { path: "node_modules/pg/", dynamic: false },
    },
    {
      name: "kafka-only-when-used",
      comment: "The kafka engine is loaded by import(), when a bus asks for it.",
      severity: "error",
      from: { pathNot: "^lib/(engines/kafka/|kafka-entry[.]ts$)" },
      to: { path: "^lib/engines/kafka/", dynamic: false, dependencyTypesNot: ["type-only"] },
    },
    {
      name: "kafka-client-only-when-used",
      comment: "The client library is loaded when a bus is opened, so that who lacks it is told.",
      severity: "error",
      from: { path: "^(lib|bin)/" },
      to: { path: "node_modules/@platformatic/", dynamic: false, dependencyTypesNot: ["type-only"] },
    },
    {
      name: "hono-in-the-server-only",
      comment: "Who uses a bus needs no HTTP server; its packages are optional.",
      severity: "error",
      from: { path: "^(lib|bin)/", pathNot: foldersOf(["server"]) },
      to: { path: "node_modules/(hono|@hono)/" },
    },
    {
      name: "mcp-sdk-in-its-folder-only",
      comment: "Who needs no MCP need not have its SDK, which is optional.",
      severity: "error",
      from: { path: "^(lib|bin)/", pathNot: foldersOf(["mcp"]) },
      to: { path: "node_modules/@modelcontextprotocol/(?!client/)" },
    },
    {
      name: "otel-in-its-entry-only",
      comment: "Who traces nothing need not have OpenTelemetry's API, which is optional; its SDK is the user's.",
      severity: "error",
      from: { path: "^(lib|bin)/", pathNot: "^lib/telemetry/(index|tracing/)" },
      to: { path: "node_modules/@opentelemetry/|^lib/telemetry/(index[.]ts|tracing/)" },
    },
    {
      name: "protobuf-only-when-used",
      comment: "Who takes no binary OTLP need not have protobufjs, which is optional.",
      severity: "error",
      from: { path: "^(lib|bin)/" },
      to: { path: "node_modules/protobufjs/", dynamic: false, dependencyTypesNot: ["type-only"] },
    },
    {
      name: "client-stays-light",
      comment: "The client entry pulls in neither the command nor the server nor the CDK.",
      severity: "error",
      from: { path: "^lib/index[.]ts$" },
      to: { path: foldersOf(["cli", "server", "cdk", "lambda", "testing"]), reachable: true },
    },
    {
      name: "browsers-have-no-node",
      comment:
        "What a page loads is the web's alone; of the library it takes errors and the reader of streams, else types.",
      severity: "error",
      from: { path: "^lib/browser/" },
      to: {
        pathNot: "^lib/(browser|error)/|^lib/engines/http/wire/sse-reader[.]ts$",
        dependencyTypesNot: ["type-only"],
      },
    },
    {
      name: "page-has-no-node",
      comment: "The page runs in a browser: of the library it takes the browser's client and errors, else types.",
      severity: "error",
      from: { path: "^lib/dashboard/page/" },
      to: {
        pathNot:
          "^lib/(dashboard/page/|dashboard/page-paths[.]ts$|browser/|error/|history/(approvals|event-facts)[.]ts$)|node_modules/preact/",
        dependencyTypesNot: ["type-only"],
      },
    },
    {
      name: "page-is-bundled",
      comment: "The page's sources and its library are not published: a server sends the bundle.",
      severity: "error",
      from: { path: "^(lib|bin)/", pathNot: "^lib/dashboard/page/" },
      to: { path: "^lib/dashboard/page/|node_modules/preact/" },
    },
    {
      name: "functions-stay-small",
      comment:
        "A Lambda function holds what it runs: no command, no CDK, no other engine, and not the choice among engines.",
      severity: "error",
      from: { path: "^lib/lambda/index[.]ts$" },
      to: {
        path: `${foldersOf(["cli", "server", "cdk", "testing"])}|^lib/engines/(embedded|memory|postgres|kafka)/|^lib/connect/connect[.]ts$|node_modules/(aws-cdk-lib|cdk-nag|constructs|commander|@aws-lambda-powertools)/`,
        reachable: true,
      },
    },
    {
      name: "contract-is-an-entry",
      comment: "Nothing of the library uses the contract suite: it is for the tests of engines.",
      severity: "error",
      from: { path: "^(lib|bin)/", pathNot: foldersOf(["engine/contract"]) },
      to: { path: foldersOf(["engine/contract"]) },
    },
    {
      name: "vitest-in-the-contract-only",
      comment: "Who runs the contract suite has vitest; who uses a bus need not.",
      severity: "error",
      from: { path: "^(lib|bin)/", pathNot: foldersOf(["engine/contract"]) },
      to: { path: "node_modules/vitest/" },
    },
    {
      name: "workers-need-no-vitest",
      comment: "What processes and functions of an engine's tests run works outside of vitest.",
      severity: "error",
      from: { path: "^lib/engine/contract/worker[.]ts$" },
      to: { path: "node_modules/vitest/", reachable: true },
    },
    {
      name: "shipped-code-only",
      comment: "What is published imports neither dev dependencies nor what is not published.",
      severity: "error",
      from: { path: "^(lib|bin)/", pathNot: "^lib/dashboard/page/" },
      to: { dependencyTypes: ["npm-dev", "npm-no-pkg", "npm-unknown", "unknown", "undetermined"], pathNot: published },
    },
    {
      name: "inside-the-package",
      comment: "Published code imports nothing of tests, functions, examples or benchmarks.",
      severity: "error",
      from: { path: "^(lib|bin)/" },
      to: { path: "^(test|functions|examples|bench|scripts)/" },
    },
    {
      name: "no-cycles",
      comment: "Modules in a circle cannot be understood one by one.",
      severity: "error",
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } },
    },
    {
      name: "no-dead-modules",
      comment: "A module that no entry reaches is dead code.",
      severity: "error",
      from: { path: entries },
      to: { path: "^lib/", pathNot: entries, reachable: false },
    },
  ],
  options: {
    // Beside TypeScript 7, which has no classic API, the default parser sees no module at all.
    parser: "swc",
    tsPreCompilationDeps: true,
    doNotFollow: { path: "node_modules" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "node", "default"],
      extensions: [".ts", ".tsx", ".js"],
    },
  },
};
