import { createHash } from "node:crypto";
import type { Bus } from "wagglebus";
import { type StartedWorkflow, toWorkflow, workflowName } from "./ledger.ts";
import type { FoundDocument } from "./scan.ts";

/** Documents a workflow: one flow stays small enough to look at, and its event far below the size limit. */
const documentsPerWorkflow = 100;

/**
 * Publishes one `workflow.started` for each hundred documents of a root. Its id follows from what is to be read, so that
 * announcing the same work twice is announcing it once.
 */
export async function announce(
  bus: Pick<Bus, "emit">,
  root: string,
  found: readonly FoundDocument[],
): Promise<StartedWorkflow[]> {
  const started: StartedWorkflow[] = [];
  for (let first = 0; first < found.length; first += documentsPerWorkflow) {
    const documents = found
      .slice(first, first + documentsPerWorkflow)
      .map(({ path, digest }) => (digest === undefined ? { path } : { path, digest }));
    const workflowId = `read-${createHash("sha256")
      .update(JSON.stringify([root, documents]))
      .digest("hex")
      .slice(0, 12)}`;
    const event = await bus.emit.workflow.started(
      { workflowId, name: workflowName, input: { root, documents } },
      { id: workflowId, source: "crew" },
    );
    const workflow = toWorkflow(event);
    if (workflow !== undefined) started.push(workflow);
  }
  return started;
}
