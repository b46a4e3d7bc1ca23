import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { parseAlert } from "../../lib/alerts/index.ts";
import { createIds } from "../../lib/event/id.ts";
import { connect } from "../../lib/index.ts";
import { startNode } from "../e2e/start-node.ts";
import { eventually } from "../support/eventually.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

const patience = 60_000;
const config = `export default { alerts: { rules: [{ kind: "slow-flow", over: "1s" }, { kind: "dead-letters" }] } };`;

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** Starts `waggle serve` in a folder; gives its address once it says so. */
async function serve(folder: string) {
  const server: PromiseWithResolvers<string> = Promise.withResolvers();
  const args = ["serve", "--engine", "embedded", "--file", join(folder, "bus.db"), "--port", "0", "--json"];
  const { ended, kill } = startNode(folder, "bin/waggle.ts", args, (line) => server.resolve(JSON.parse(line).url));
  void ended.then(({ stderr }) => server.reject(new Error(`waggle serve has ended: ${stderr}`)));
  const killNow = async () => {
    kill("SIGKILL");
    await ended;
  };
  ends.push(killNow);
  return { url: await server.promise, kill: killNow };
}

/** The rules with an active alert, as the server's metrics tell. */
async function activeOf(url: string): Promise<string[]> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return [...text.matchAll(/^waggle_alerts_active\{alert="([^"]+)".*\} 1$/gm)].map(([, rule]) => rule ?? "").toSorted();
}

test.each(["after the restart", "while the server is down"])(
  "alerts survive a kill -9 of waggle serve: none is raised again, none is forgotten, and what ends %s clears them",
  async (when) => {
    const { path, remove } = await temporaryDirectory();
    ends.push(remove);
    writeFileSync(join(path, "waggle.config.mjs"), config);
    const bus = await connect({
      engine: "embedded",
      file: join(path, "bus.db"),
      source: "test",
      logLevel: "silent",
    });
    ends.push(() => bus.close());
    const fails = await bus.subscribe({ name: "fails", on: "custom.job.started", attempts: 1 }, () => {
      throw new Error("no");
    });
    const flow = createIds({ now: () => Date.now() - 60_000 })();
    const metadata = { correlationId: flow };
    await bus.publish({ type: "custom.job.started", data: { jobId: "1" }, metadata });
    const letters = await eventually(
      "the dead letter is there",
      async () => {
        const { deadLetters } = await bus.deadLetters.list();
        return deadLetters.length === 1 && deadLetters.map(({ id }) => id);
      },
      patience,
    );
    await fails.close();
    const end = async () => {
      await bus.publish({ type: "custom.job.completed", data: { jobId: "1" }, metadata });
      await bus.deadLetters.discard(letters);
    };
    const alerts = async () => {
      const { events } = await bus.history.query({ type: "system.performance.alert", order: "oldest" });
      return events.flatMap((event) => parseAlert(event) ?? []).map(({ alert, state }) => `${alert} ${state}`);
    };

    const first = await serve(path);
    const both = ["dead-letters", "slow-flow"];
    await eventually("both are active", async () => String(await activeOf(first.url)) === String(both), patience);
    const raised = both.map((rule) => `${rule} raised`);
    await eventually("both are published", async () => (await alerts()).length === 2, patience);
    await first.kill();

    if (when === "while the server is down") await end();
    const second = await serve(path);
    if (when === "after the restart") {
      await eventually(
        "both are active again",
        async () => String(await activeOf(second.url)) === String(both),
        patience,
      );
      expect((await alerts()).toSorted()).toEqual(raised);
      await end();
    }
    const cleared = both.map((rule) => `${rule} cleared`);
    await eventually("both are cleared", async () => (await alerts()).length === 4, patience);
    expect((await alerts()).toSorted()).toEqual([...raised, ...cleared].toSorted());
    await eventually("none is active", async () => (await activeOf(second.url)).length === 0, patience);
  },
  3 * patience,
);
