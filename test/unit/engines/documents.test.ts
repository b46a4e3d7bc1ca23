import { join } from "node:path";
import { onTestFinished, test } from "vitest";
import { expectDocumentsKept } from "../../support/keeps-documents.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

test("the memory engine keeps documents by name", () => expectDocumentsKept({ engine: "memory" }));

test("the embedded engine keeps documents by name, in the file", async () => {
  const { path, remove } = await temporaryDirectory();
  onTestFinished(remove);
  await expectDocumentsKept({ engine: "embedded", file: join(path, "bus.db") });
});
