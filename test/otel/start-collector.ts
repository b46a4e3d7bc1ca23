import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { freePort } from "../support/free-port.ts";

/** Where a collector sends what it gets. */
export interface Destination {
  readonly url: string;
  readonly encoding: "proto" | "json";
  readonly compression: "gzip" | "none";
}

/** Starts a collector that takes OTLP over HTTP; resolves once it does. */
export async function startCollector(
  program: string,
  folder: string,
  destinations: Readonly<Record<string, Destination>>,
): Promise<{ url: string; stop: () => Promise<void> }> {
  const port = await freePort();
  const exporters = Object.fromEntries(
    Object.entries(destinations).map(([name, { url, encoding, compression }]) => [
      `otlp_http/${name}`,
      { endpoint: url, encoding, compression, retry_on_failure: { initial_interval: "100ms" } },
    ]),
  );
  const config = {
    receivers: { otlp: { protocols: { http: { endpoint: `127.0.0.1:${port}` } } } },
    exporters,
    service: {
      telemetry: { metrics: { level: "none" } },
      pipelines: { traces: { receivers: ["otlp"], exporters: Object.keys(exporters) } },
    },
  };
  const file = join(folder, "collector.yaml");
  // JSON is YAML.
  await writeFile(file, JSON.stringify(config));
  const child = spawn(program, ["--config", `file:${file}`], { stdio: ["ignore", "ignore", "pipe"] });
  const exited = once(child, "exit");
  let said = "";
  const ready = new Promise<void>((resolve, reject) => {
    createInterface({ input: child.stderr }).on("line", (line) => {
      said += `${line}\n`;
      if (line.includes("Everything is ready")) resolve();
    });
    child.on("error", reject);
    child.on("exit", (code) => reject(new Error(`the collector ended with ${code}: ${said.slice(-2_000)}`)));
  });
  await ready;
  return {
    url: `http://127.0.0.1:${port}`,
    stop: async () => {
      child.kill("SIGTERM");
      await exited;
    },
  };
}
