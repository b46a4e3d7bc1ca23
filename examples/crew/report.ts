import type { Flow } from "wagglebus";
import type { Learnt } from "./learnt.ts";
import type { Skipped } from "./scan.ts";

/** What a run sets out to do, once it is known. */
export interface CrewPlan {
  roots: RootPlan[];
  skipped: Skipped[];
  /** Workflows of earlier runs that go on. */
  resumed: { workflowId: string; root: string }[];
  /** Documents that died, were changed since, and are tried again. */
  fixed: string[];
  /** Why no document was announced, where nobody would have taken it. */
  unannounced?: string;
}

export interface RootPlan {
  root: string;
  /** Documents found. */
  found: number;
  /** Of which this run announces. */
  fresh: number;
}

/** How one workflow stands at the end. */
export interface WorkflowSummary {
  workflowId: string;
  root: string;
  status: Flow["status"];
  documents: number;
  /** Tasks of it that ended well. */
  ended: number;
  events: number;
  durationMs: number;
}

/** What a run came to. */
export interface CrewResult {
  documents: { found: number; announced: number; read: number; gaveWay: number };
  workflows: WorkflowSummary[];
  learnt: Learnt;
}
