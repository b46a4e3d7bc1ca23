import { setTimeout as delay } from "node:timers/promises";
import type { Bus } from "../../bus/bus.ts";
import { BusError } from "../../error/bus-error.ts";
import { typeMatcher } from "../../pattern/type-names.ts";
import { subscriptionRecord } from "../../subscription/index.ts";
import type { AnyEvents } from "../open-bus.ts";
import { announce } from "./announce.ts";
import { readDeadLetters, readInHand, redriveFixed } from "./in-hand.ts";
import { readLearnt } from "./learnt.ts";
import { pathOf, readLedger, type StartedWorkflow } from "./ledger.ts";
import type { LoadedFunction } from "./load-functions.ts";
import { Recorder } from "./recorder.ts";
import { type Reporter, type RootPlan, type Summary, summarizeDeadLetter, type WorkflowSummary } from "./report.ts";
import type { Scan } from "./scan.ts";
import { Steps } from "./steps.ts";

/** What {@link runDev} works with. */
export interface DevOptions {
  bus: Bus<AnyEvents>;
  functions: readonly LoadedFunction[];
  found: Scan;
  reporter: Reporter;
  /** Aborted: stop waiting; what is not done waits on the bus for the next run. */
  signal: AbortSignal;
}

/** Milliseconds between two looks at whether a backlog is gone. */
const idleStepMs = 50;

/**
 * Runs the functions until nothing is left to do: what earlier runs left, dead letters of fixed documents, and the
 * documents that no run has announced yet. Rejects with the signal's reason when that fires.
 */
export async function runDev({ bus, functions, found, reporter, signal }: DevOptions): Promise<Summary> {
  const startedAt = performance.now();
  const records = functions.map(({ subscription }) => subscriptionRecord(subscription));
  const names = new Set(records.map(({ name }) => name));
  const earlier = await readLedger(bus);
  const inHand = await readInHand(bus, earlier.unfinished);
  // Read again where another process may have ended a reading meanwhile: it is no longer in hand, but in the ledger.
  const ledger = inHand.workflows.length === 0 ? earlier : await readLedger(bus);

  const steps = new Steps({ onFailure: (step) => reporter.failed(step), onRunning: (what) => reporter.running(what) });
  const recorder = new Recorder(bus, signal, (event) => reporter.event(event));
  const leftOver = await backlogOf(bus, names);
  for (const one of functions)
    await bus.subscribe(one.subscription, steps.watch(one, subscriptionRecord(one.subscription).attempts));

  const all = found.roots.flatMap(({ documents }) => documents);
  const letters = (await readDeadLetters(bus, {})).filter(({ subscription }) => names.has(subscription ?? ""));
  const fixed = await redriveFixed(bus, letters, all);
  const fresh = found.roots.map(({ root, documents }) => ({
    root,
    documents: documents.filter(
      (document) => !ledger.knows(document) && !inHand.paths.has(document.path) && !fixed.paths.has(document.path),
    ),
  }));
  const heard = records.some(({ on }) => typeMatcher(on)("workflow.started"));
  const resumed = [...inHand.workflows, ...ledger.unfinished.filter(({ flowId }) => fixed.flowIds.has(flowId))];
  reporter.planned({
    functions: functions.map(({ name }) => name),
    roots: found.roots.map(({ root, documents }, index): RootPlan => {
      return { root, found: documents.length, fresh: fresh[index]?.documents.length ?? 0 };
    }),
    skipped: found.skipped,
    resumed: resumed.map(({ workflowId, root }) => ({ workflowId, root })),
    fixed: [...fixed.paths],
    leftOver,
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
  while ((await backlogOf(bus, names)) > 0) await delay(idleStepMs, undefined, { signal });
  await recorder.caughtUp();

  const dead = (await readDeadLetters(bus, {})).filter(({ subscription }) => names.has(subscription ?? ""));
  const count = (type: string) => recorder.countByType.get(type) ?? 0;
  return {
    documents: {
      found: all.length,
      announced: heard ? fresh.reduce((sum, { documents }) => sum + documents.length, 0) : 0,
      read: count("memory.created"),
      gaveWay: count("task.conflict.detected"),
    },
    workflows: summaries,
    events: Object.fromEntries([...recorder.countByType].toSorted((a, b) => b[1] - a[1])),
    slowest: steps.slowest,
    deadLetters: dead.map((letter) => summarizeDeadLetter(letter, pathOf(letter.event) ?? letter.event.type)),
    learnt: await readLearnt(bus),
    durationMs: performance.now() - startedAt,
    ...(steps.firstHandledMs === undefined ? {} : { firstHandledMs: steps.firstHandledMs }),
  };
}

/** Waits for a workflow, however long its retries take. */
async function settle(bus: Bus<AnyEvents>, workflow: StartedWorkflow, signal: AbortSignal): Promise<WorkflowSummary> {
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
        // A task may be told of twice.
        ended: Math.min(ended.events.length, documents.length),
        events: flow.size,
        durationMs: flow.durationMs,
      };
    } catch (thrown) {
      if (!(thrown instanceof BusError && thrown.code === "timeout")) throw thrown;
    }
  }
}

/** Deliveries of these subscriptions that are under way, in any process. */
async function backlogOf(bus: Bus<AnyEvents>, names: ReadonlySet<string>): Promise<number> {
  const states = await bus.subscriptions.list();
  return states
    .filter(({ record }) => names.has(record.name))
    .reduce((sum, { waiting, delayed, running }) => sum + waiting + delayed + running, 0);
}
