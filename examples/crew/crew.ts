import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { type Bus, BusError, compilePattern, type RegisteredEvents } from "wagglebus";
import type { FunctionSession } from "wagglebus/dev";
import { announce } from "./announce.ts";
import { program } from "./command.ts";
import { readInHand, redriveFixed } from "./in-hand.ts";
import { readLearnt } from "./learnt.ts";
import { readLedger, type StartedWorkflow } from "./ledger.ts";
import type { CrewPlan, CrewResult, RootPlan, WorkflowSummary } from "./report.ts";
import { scan } from "./scan.ts";

/** What is read where nothing is said. */
const defaultPaths = ["docs", "examples/inbox"];

/**
 * Gives the crew what is to be read, until nothing is left to do: what earlier runs left, dead letters of documents that
 * were changed since, and documents that no run has announced yet.
 */
export async function readDocuments(
  session: FunctionSession<RegisteredEvents, CrewPlan>,
  paths: readonly string[],
): Promise<CrewResult> {
  const { cwd, signal } = session;
  const found = await scan(paths.length > 0 ? paths : presentDefaults(cwd), cwd, signal);
  const bus = await session.open();
  const earlier = await readLedger(bus);
  const inHand = await readInHand(bus, earlier.unfinished);
  // Read again where another process may have ended a reading meanwhile: it is no longer in hand, but in the ledger.
  const ledger = inHand.workflows.length === 0 ? earlier : await readLedger(bus);
  await session.start();

  const all = found.roots.flatMap(({ documents }) => documents);
  const fixed = await redriveFixed(bus, await session.deadLetters(), all);
  const fresh = found.roots.map(({ root, documents }) => ({
    root,
    documents: documents.filter(
      (document) => !ledger.knows(document) && !inHand.paths.has(document.path) && !fixed.paths.has(document.path),
    ),
  }));
  const heard = isHeard(session, "workflow.started");
  const resumed = [...inHand.workflows, ...ledger.unfinished.filter(({ flowId }) => fixed.flowIds.has(flowId))];
  session.plan({
    roots: found.roots.map(({ root, documents }, index): RootPlan => {
      return { root, found: documents.length, fresh: fresh[index]?.documents.length ?? 0 };
    }),
    skipped: found.skipped,
    resumed: resumed.map(({ workflowId, root }) => ({ workflowId, root })),
    fixed: [...fixed.paths],
    ...(heard ? {} : { unannounced: "no function listens to workflow.started" }),
  });

  const workflows = new Map(resumed.map((workflow) => [workflow.flowId, workflow]));
  if (heard) {
    for (const { root, documents } of fresh) {
      for (const workflow of await announce(bus, root, documents)) workflows.set(workflow.flowId, workflow);
    }
  }
  const summaries: WorkflowSummary[] = [];
  for (const workflow of workflows.values()) summaries.push(await settle(bus, workflow, signal));
  await session.idle();

  const count = (type: string) => session.eventCounts.get(type) ?? 0;
  return {
    documents: {
      found: all.length,
      announced: heard ? fresh.reduce((sum, { documents }) => sum + documents.length, 0) : 0,
      read: count("memory.created"),
      gaveWay: count("task.conflict.detected"),
    },
    workflows: summaries,
    learnt: await readLearnt(bus),
  };
}

/** Of the default folders those that there are; a project need not have both. */
function presentDefaults(cwd: string): string[] {
  const present = defaultPaths.filter((path) => existsSync(resolve(cwd, path)));
  if (present.length > 0) return present;
  throw new BusError(
    "not_found",
    `there is no ${defaultPaths.join(" and no ")} here; say what to read: ${program} <file or folder>`,
  );
}

/** Whether one of the functions is subscribed to a type. */
function isHeard({ subscriptions }: Pick<FunctionSession<RegisteredEvents>, "subscriptions">, type: string): boolean {
  return subscriptions.some(({ on }) => compilePattern({ type: on.map((wildcard) => ({ wildcard })) })({ type }));
}

/** Waits for a workflow, however long its retries take. */
async function settle(bus: Bus, workflow: StartedWorkflow, signal: AbortSignal): Promise<WorkflowSummary> {
  const { flowId, workflowId, root, documents } = workflow;
  for (;;) {
    try {
      const flow = await bus.settled(flowId, { timeout: "1h", signal });
      const ended = await bus.history.query({ correlationId: flowId, type: "task.completed", limit: 1_000 });
      return {
        workflowId,
        root,
        status: flow.status,
        documents: documents.length,
        // A task may be announced twice.
        ended: Math.min(ended.events.length, documents.length),
        events: flow.size,
        durationMs: flow.durationMs,
      };
    } catch (thrown) {
      if (!(thrown instanceof BusError && thrown.code === "timeout")) throw thrown;
    }
  }
}
