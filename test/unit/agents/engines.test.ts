import { join } from "node:path";
import { onTestFinished, test } from "vitest";
import { temporaryDirectory } from "../../support/temporary-directory.ts";
import { expectAgentsServed } from "../../support/uses-agents.ts";

test("agents are served by two buses of an embedded file", async () => {
  const { path, remove } = await temporaryDirectory();
  onTestFinished(remove);
  await expectAgentsServed({ engine: "embedded", file: join(path, "bus.db") });
});
