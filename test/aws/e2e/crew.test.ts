import { createHash, randomUUID } from "node:crypto";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { connect } from "../../../lib/index.ts";
import { functionsRunHere } from "../rig/targets.ts";
import { crewBusName, patience } from "./settings.ts";

// Its functions read files; in an account, and in containers, they would have none.
test.runIf(functionsRunHere)("the crew of npm start, unchanged, reads documents in functions", async () => {
  const folder = join(tmpdir(), `wagglebus-crew-${randomUUID()}`);
  await mkdir(folder);
  const bus = await connect({ engine: "aws", bus: crewBusName, source: "e2e", logLevel: "silent" });
  try {
    const texts = [
      "# Bees\n\nKarl von Frisch wrote of the Waggle Dance.",
      "# Hives\n\nA hive is where bees live.",
      "# Honey\n\nSweet.",
    ];
    const documents = [];
    for (const [index, text] of texts.entries()) {
      const path = join(folder, `document-${index}.md`);
      await writeFile(path, text);
      documents.push({ path, digest: createHash("sha256").update(text).digest("hex") });
    }
    const workflowId = randomUUID();
    const started = await bus.emit.workflow.started({ workflowId, name: "read-documents", input: { documents } });
    const where = { metadata: { correlationId: [started.id] } };
    const completed = await bus.waitFor(
      { on: "workflow.completed", where },
      { since: new Date(0), timeout: 2 * patience },
    );
    expect(completed.data).toMatchObject({ workflowId, name: "read-documents" });
    await bus.waitFor(
      { count: documents.length, of: [{ on: "knowledge_graph.updated", where }] },
      { since: new Date(0), timeout: patience },
    );
    const { deadLetters } = await bus.deadLetters.list({ correlationId: started.id });
    expect(deadLetters).toEqual([]);
  } finally {
    await bus.close();
    await rm(folder, { recursive: true });
  }
});
