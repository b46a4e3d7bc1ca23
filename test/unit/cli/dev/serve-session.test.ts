import { once } from "node:events";
import { createServer } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { standardCatalog } from "../../../../lib/catalog/index.ts";
import { serveSession } from "../../../../lib/cli/dev/serve-session.ts";
import { openBusOnEngine } from "../../../../lib/connect/index.ts";
import type { AnyEvents } from "../../../../lib/server/served-bus.ts";

const bus = { engine: "memory", catalog: standardCatalog, logLevel: "silent" } as const;

async function serveOn(port: number | undefined, anyPort = false) {
  const served = await openBusOnEngine<AnyEvents>(bus);
  onTestFinished(() => served.bus.close());
  const notes: string[] = [];
  const report = { note: (level: string, message: string) => void notes.push(`${level}: ${message}`) };
  const server = await serveSession({ cwd: "." }, {}, { port, anyPort })(served, report);
  onTestFinished(() => server.close());
  return notes;
}

/** Takes a port of loopback until the test has finished, unless it is taken already. */
async function take(port: number): Promise<number> {
  const server = createServer().listen(port, "127.0.0.1");
  onTestFinished(() => void server.close());
  await Promise.race([once(server, "listening"), once(server, "error").catch(() => {})]).catch(() => {});
  const address = server.address();
  return address instanceof Object ? address.port : port;
}

test("where the usual port is taken the run goes on, and says so; a port that was asked for must be free", async () => {
  await take(4_600);
  expect(await serveOn(undefined)).toEqual([
    "warning: the bus is not served over HTTP: port 4600 of 127.0.0.1 is in use; stop what listens there, or choose another with --port; or leave it out with --no-serve",
  ]);
  await expect(serveOn(await take(0))).rejects.toMatchObject({ code: "invalid_config" });
});

test("it says where the bus is served", async () => {
  expect(await serveOn(0)).toEqual([
    expect.stringMatching(
      /^info: serving the bus on http:\/\/127\.0\.0\.1:\d+; open it in a browser to see what happens$/,
    ),
  ]);
});

test("a program for which any port will do is served on a free one where the usual one is taken", async () => {
  await take(4_600);
  expect(await serveOn(undefined, true)).toEqual([expect.stringMatching(/^info: serving the bus on http:\/\/127/)]);
});
