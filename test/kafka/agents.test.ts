import { join } from "node:path";
import { describe, onTestFinished, test } from "vitest";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { expectAgentsServed } from "../support/uses-agents.ts";
import { newPlace, noKafka, sharedBrokers } from "./support/open.ts";

describe.skipIf(noKafka)("agents", () => {
  test("are served by two buses of a topic", async () => {
    const { path, remove } = await temporaryDirectory();
    onTestFinished(remove);
    const { name } = newPlace("", "agents");
    const url = `kafka://${sharedBrokers()}`;
    await expectAgentsServed({ engine: "kafka", url, bus: name, store: join(path, "bus.db") });
  });
});
