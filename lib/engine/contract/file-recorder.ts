import { appendFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Recorder, reportSchema } from "./recorder.ts";

/**
 * A recorder for handlers on one machine, in any process: a file of lines for each flow, an empty file for each open gate.
 * Written synchronously, so that what a process reported outlives its kill, in the order in which it happened.
 */
export function fileRecorder(directory: string): Recorder {
  const log = (flow: string) => join(directory, `${encodeURIComponent(flow)}.ndjson`);
  const gateFile = (gate: string) => join(directory, `${encodeURIComponent(gate)}.open`);
  return {
    report: async (report) => appendFileSync(log(report.flow), `${JSON.stringify(report)}\n`),
    reports: async (flow) => {
      if (!existsSync(log(flow))) return [];
      // What follows the last line end is a line that is being written.
      const lines = readFileSync(log(flow), "utf8").split("\n").slice(0, -1);
      return lines.map((line) => reportSchema.parse(JSON.parse(line)));
    },
    open: async (gate) => writeFileSync(gateFile(gate), ""),
    isOpen: async (gate) => existsSync(gateFile(gate)),
  };
}
