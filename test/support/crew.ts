import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { TestBus } from "wagglebus/testing";
import { digestOf } from "../../functions/_shared/document.ts";
import extractor from "../../functions/extractor/handler.ts";
import extractorSubscription from "../../functions/extractor/subscription.ts";
import foreman from "../../functions/foreman/handler.ts";
import foremanSubscription from "../../functions/foreman/subscription.ts";
import librarian from "../../functions/librarian/handler.ts";
import librarianSubscription from "../../functions/librarian/subscription.ts";
import planner from "../../functions/planner/handler.ts";
import plannerSubscription from "../../functions/planner/subscription.ts";
import reader from "../../functions/readers/handler.ts";
import readersSubscription from "../../functions/readers/subscription.ts";

/** Subscribes every function of the crew. */
export async function subscribeCrew(bus: TestBus): Promise<void> {
  await bus.subscribe(plannerSubscription, planner);
  await bus.subscribe(readersSubscription, reader);
  await bus.subscribe(extractorSubscription, extractor);
  await bus.subscribe(librarianSubscription, librarian);
  await bus.subscribe(foremanSubscription, foreman);
}

/** Writes files into a folder and announces them as examples/crew does. */
export async function announce(
  bus: TestBus,
  workflowId: string,
  folder: string,
  files: Readonly<Record<string, string>>,
): Promise<void> {
  const documents = [];
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, name);
    await writeFile(path, content);
    documents.push({ path, digest: digestOf(content) });
  }
  const input = { root: "notes", documents };
  await bus.emit.workflow.started({ workflowId, name: "read-documents", input }, { id: workflowId });
}
