import { join } from "node:path";
import { onTestFinished, test } from "vitest";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { expectAgentsServed } from "../support/uses-agents.ts";
import { startServerProcess } from "./http-adapter.ts";

test("agents are served by two buses over HTTP", async () => {
  const { path, remove } = await temporaryDirectory();
  onTestFinished(remove);
  const { kill, url } = await startServerProcess("embedded", join(path, "bus.db"));
  onTestFinished(kill);
  await expectAgentsServed({ engine: "http", url });
});
