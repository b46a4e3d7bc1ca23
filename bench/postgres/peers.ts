import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";

const folder = new URL("../../node_modules/.cache/postgres-peers/", import.meta.url).pathname;
const peers = { "pg-boss": "12.38.0", "graphile-worker": "0.18.0" };

/** Installs the peers, or returns the reason why that is not possible. */
export function installPeers(): { ok: true } | { ok: false; reason: string } {
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}package.json`, JSON.stringify({ private: true, dependencies: peers }));
  const options = ["--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"];
  const { error, status, stderr } = spawnSync("npm", ["install", ...options], { cwd: folder, encoding: "utf8" });
  if (status === 0) return { ok: true };
  return { ok: false, reason: `npm failed: ${(error?.message ?? stderr).trim().slice(0, 300)}` };
}
