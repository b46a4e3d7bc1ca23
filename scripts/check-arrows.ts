// Checks the import arrows (.dependency-cruiser.mjs), then plants one violation of each rule in a copy and wants to see
// every one reported: a checker that parses nothing, or a rule that matches nothing, would pass everything in silence.
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { cruise } from "dependency-cruiser";
import config from "../.dependency-cruiser.mjs";

const root = fileURLToPath(new URL("../", import.meta.url));
const cruised = ["lib", "bin"];

/** One violation a rule: the module that breaks it, and what it imports. A rule without one fails the check. */
const plants: Record<string, { file: string; source: string }> = {
  "error-imports": { file: "lib/error/planted.ts", source: 'import "../event/event.ts";' },
  "event-imports": { file: "lib/event/planted.ts", source: 'import type { Bus } from "../bus/bus.ts";' },
  "pattern-imports": { file: "lib/pattern/planted.ts", source: 'import "../bus/bus.ts";' },
  "subscription-imports": { file: "lib/subscription/planted.ts", source: 'import "../bus/bus.ts";' },
  "catalog-imports": { file: "lib/catalog/planted.ts", source: 'import "../pattern/index.ts";' },
  "runtime-imports": { file: "lib/runtime/planted.ts", source: 'import "../engine/engine.ts";' },
  "forward-imports": { file: "lib/forward/planted.ts", source: 'import "../connect/index.ts";' },
  "migrate-imports": { file: "lib/migrate/planted.ts", source: 'import "../connect/index.ts";' },
  "agents-imports": { file: "lib/agents/planted.ts", source: 'import "../connect/index.ts";' },
  "adapters-imports": { file: "lib/adapters/planted.ts", source: 'import "../connect/index.ts";' },
  "frameworks-are-the-users": { file: "lib/adapters/ai-sdk.ts", source: 'import "ai";' },
  "frameworks-in-their-adapters": {
    file: "lib/adapters/planted-1.ts",
    source: 'import type {} from "@openai/agents";',
  },
  "cockatiel-only-when-used": { file: "lib/agents/planted-1.ts", source: 'import "cockatiel";' },
  "explain-imports": { file: "lib/explain/planted.ts", source: 'import "../connect/index.ts";' },
  "engine-imports": { file: "lib/engine/planted.ts", source: 'import "../delivery/router.ts";' },
  "engine/contract-imports": { file: "lib/engine/contract/planted.ts", source: 'import "../../cli/io.ts";' },
  "contract-is-an-entry": { file: "lib/testing/planted-2.ts", source: 'import "../engine/contract/recorder.ts";' },
  "vitest-in-the-contract-only": { file: "lib/testing/planted-3.ts", source: 'import "vitest";' },
  "workers-need-no-vitest": { file: "lib/engine/contract/worker.ts", source: 'import "./run-contract.ts";' },
  "delivery-imports": { file: "lib/delivery/planted.ts", source: 'import "../history/flow.ts";' },
  "publish-imports": { file: "lib/publish/planted.ts", source: 'import "../history/flow.ts";' },
  "dead-letters-imports": { file: "lib/dead-letters/planted.ts", source: 'import "../history/flow.ts";' },
  "history-imports": { file: "lib/history/planted.ts", source: 'import "../bus/create-bus.ts";' },
  "replay-imports": { file: "lib/replay/planted.ts", source: 'import "../bus/create-bus.ts";' },
  "bus-imports": { file: "lib/bus/planted-1.ts", source: 'import "../catalog/index.ts";' },
  "alerts-imports": { file: "lib/alerts/planted.ts", source: 'import "../connect/index.ts";' },
  "aws-shared-imports": { file: "lib/aws-shared/planted.ts", source: 'import "../bus/bus.ts";' },
  "engines-imports": { file: "lib/engines/planted.ts", source: 'import "../cli/io.ts";' },
  "outbox-imports": { file: "lib/outbox/planted.ts", source: 'import "../cli/io.ts";' },
  "connect-imports": { file: "lib/connect/planted.ts", source: 'import "../cli/io.ts";' },
  "testing-imports": { file: "lib/testing/planted.ts", source: 'import "../cli/io.ts";' },
  "sim-imports": { file: "lib/sim/planted.ts", source: 'import "../cli/io.ts";' },
  "lambda-imports": { file: "lib/lambda/planted.ts", source: 'import "../cli/io.ts";' },
  "server-imports": { file: "lib/server/planted.ts", source: 'import "../cli/io.ts";' },
  "mcp-imports": { file: "lib/mcp/planted.ts", source: 'import "../cli/io.ts";' },
  "browser-imports": { file: "lib/browser/planted.ts", source: 'import "../bus/bus.ts";' },
  "browsers-have-no-node": { file: "lib/browser/planted-1.ts", source: 'import "zod";' },
  "telemetry-imports": { file: "lib/telemetry/planted.ts", source: 'import "../cli/io.ts";' },
  "otel-in-its-entry-only": { file: "lib/testing/planted-6.ts", source: 'import "@opentelemetry/api";' },
  "protobuf-only-when-used": { file: "lib/telemetry/planted-1.ts", source: 'import "protobufjs";' },
  "dashboard-imports": { file: "lib/dashboard/planted.ts", source: 'import "../cli/io.ts";' },
  "page-has-no-node": { file: "lib/dashboard/page/format.ts", source: 'import "node:fs";' },
  "page-is-bundled": { file: "lib/dashboard/planted-1.ts", source: 'import "./page/format.ts";' },
  "cli-imports": { file: "lib/cli/planted.ts", source: 'import "../testing/index.ts";' },
  "cdk-imports": { file: "lib/cdk/planted.ts", source: 'export const later = () => import("../bus/bus.ts");' },
  "bus-knows-no-events": { file: "lib/bus/planted-2.ts", source: 'import type { Io } from "../cli/io.ts";' },
  "folder-without-arrows": { file: "lib/planted/planted.ts", source: 'import "../event/event.ts";' },
  "core-is-portable": { file: "lib/event/planted-1.ts", source: 'import "node:fs";' },
  "core-has-few-packages": { file: "lib/pattern/planted-1.ts", source: 'import "commander";' },
  "engines-are-independent": { file: "lib/engines/memory/planted.ts", source: 'import "../embedded/engine.ts";' },
  "sqlite-only-when-used": { file: "lib/connect/planted-1.ts", source: 'import "node:sqlite";' },
  "embedded-only-when-used": { file: "lib/testing/planted-1.ts", source: 'import "../engines/embedded/engine.ts";' },
  "aws-only-when-used": { file: "lib/connect/planted-2.ts", source: 'import "../engines/aws/index.ts";' },
  "postgres-only-when-used": { file: "lib/connect/planted-3.ts", source: 'import "../engines/postgres/index.ts";' },
  "kafka-only-when-used": { file: "lib/connect/planted-4.ts", source: 'import "../engines/kafka/index.ts";' },
  "kafka-client-only-when-used": { file: "lib/engines/kafka/planted.ts", source: 'import "@platformatic/kafka";' },
  "pg-only-when-used": { file: "lib/engines/postgres/planted.ts", source: 'import "pg";' },
  "hono-in-the-server-only": { file: "lib/testing/planted-4.ts", source: 'import "hono";' },
  "mcp-sdk-in-its-folder-only": { file: "lib/testing/planted-5.ts", source: 'import "@modelcontextprotocol/server";' },
  "client-stays-light": { file: "lib/index.ts", source: 'import "./cli/io.ts";' },
  "functions-stay-small": { file: "lib/lambda/index.ts", source: 'import "../connect/connect.ts";' },
  "shipped-code-only": { file: "lib/event/planted-2.ts", source: 'import "emittery";' },
  "inside-the-package": { file: "lib/cli/planted-1.ts", source: 'import "../../functions/planted.ts";' },
  "no-cycles": { file: "lib/error/planted-1.ts", source: 'import "./planted-1.ts";' },
  "no-dead-modules": { file: "lib/event/planted-3.ts", source: "export const dead = true;" },
};

interface Violation {
  rule: string;
  from: string;
  to: string;
}

async function check(baseDir: string): Promise<{ modules: number; violations: Violation[] }> {
  const options = { ...config.options, baseDir, validate: true, ruleSet: { forbidden: config.forbidden ?? [] } };
  const { output } = await cruise(cruised, options);
  if (typeof output === "string") throw new Error("dependency-cruiser gave a text instead of a result");
  return {
    modules: output.modules.filter(({ source }) => /^(lib|bin)\//.test(source)).length,
    violations: output.summary.violations.map(({ rule, from, to }) => ({ rule: rule.name, from, to })),
  };
}

/** The rules of which the planted violation was not reported. */
async function unproved(): Promise<string[]> {
  const copy = mkdtempSync(join(tmpdir(), "waggle-arrows-"));
  try {
    for (const folder of cruised) cpSync(join(root, folder), join(copy, folder), { recursive: true });
    cpSync(join(root, "package.json"), join(copy, "package.json"));
    symlinkSync(join(root, "node_modules"), join(copy, "node_modules"), "dir");
    plant(copy, "functions/planted.ts", "export const planted = true;");
    for (const { file, source } of Object.values(plants)) plant(copy, file, source);
    const { violations } = await check(copy);
    const rules = (config.forbidden ?? []).map(({ name }) => name ?? "");
    return rules.filter((rule) => {
      const file = rule === "no-dead-modules" ? undefined : plants[rule]?.file;
      const seen = ({ from, to }: Violation) => (file === undefined ? to === plants[rule]?.file : from === file);
      return !violations.some((violation) => violation.rule === rule && seen(violation));
    });
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

function plant(folder: string, file: string, source: string): void {
  mkdirSync(dirname(join(folder, file)), { recursive: true });
  writeFileSync(join(folder, file), `${source}\n`, { flag: "a" });
}

const { modules, violations } = await check(root);
for (const { rule, from, to } of violations) console.error(`${rule}: ${from} → ${to}`);
const silent = await unproved();
for (const rule of silent) console.error(`${rule}: did not report the violation planted to prove it`);
if (modules === 0) console.error("no module was cruised");
console.log(
  `${modules} modules, ${violations.length} violations; ${Object.keys(plants).length} planted, ${silent.length} missed`,
);
process.exitCode = modules === 0 || violations.length > 0 || silent.length > 0 ? 1 : 0;
