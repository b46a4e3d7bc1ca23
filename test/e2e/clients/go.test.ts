import { spawn, spawnSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { root } from "../start-node.ts";

const project = join(root, "clients/go");
// No other toolchain is downloaded, nor any module: the client needs none.
const env = { ...process.env, GOTOOLCHAIN: "local", GOPROXY: "off", GOFLAGS: "-mod=readonly" };
const go = [process.env.GO ?? "go", "/usr/local/go/bin/go"].find(
  (command) => spawnSync(command, ["vet", "./..."], { cwd: project, env, stdio: "ignore" }).error === undefined,
);
if (go === undefined) {
  process.stderr.write("waggle: no Go is on this machine, so the Go client is not tested; set GO to one\n");
}

test.skipIf(go === undefined)(
  "the Go client holds its contract against servers that are killed",
  { timeout: 600_000 },
  async () => {
    const command = JSON.stringify([process.execPath, join(root, "dist/bin/waggle.js")]);
    const started = spawn(go ?? "go", ["test", "-count=1", "-parallel=2", "-timeout=9m", "./..."], {
      cwd: project,
      env: { ...env, WAGGLE_COMMAND: command },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let said = "";
    for (const stream of [started.stdout, started.stderr]) {
      stream.on("data", (chunk) => {
        said += String(chunk);
      });
    }
    const code = await new Promise((resolve, reject) => {
      started.on("error", reject);
      started.on("close", resolve);
    });
    expect(code, said).toBe(0);
  },
);

test.each(["docs/http/go.md", "clients/go/README.md"])(
  "the code of %s is what the client's example runs",
  async (page) => {
    const [, code] = /```go\n([\s\S]*?)\n```/.exec(await readFile(join(root, page), "utf8")) ?? [];
    expect(code).toBeDefined();
    expect(await readFile(join(project, "example_test.go"), "utf8")).toContain(code);
  },
);
