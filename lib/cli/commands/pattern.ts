import type { Command } from "commander";
import type { PatternExplanation } from "../../pattern/index.ts";
import { createCommand, type GlobalOptions } from "../command.ts";
import { type InputRecord, readRecords } from "../input/records.ts";
import { type CliIo, exitCodes } from "../io.ts";
import { parseJsonArgument, textOf } from "../options/values.ts";
import { writeJson } from "../output/json.ts";
import { PatternResults, renderPatternResults } from "../output/pattern-results.ts";

/** `waggle pattern` */
export function patternCommand(io: CliIo): Command {
  return createCommand(io, "pattern", {
    summary: "test an event pattern against events",
    description: "Tests event patterns. The `where` of a subscription is a pattern in the language of EventBridge.",
    examples: [[`pattern test '{"type":[{"prefix":"task."}]}' @event.json`, "does it match, and if not, why?"]],
  }).addCommand(testCommand(io));
}

function testCommand(io: CliIo): Command {
  return createCommand(io, "test", {
    summary: "test whether a pattern matches, and if not, explain which field and why",
    description:
      "Matches a pattern against JSON events as they are. For one event it explains which fields did not match and why; for " +
      "several, how many match and which fields excluded the others.",
    examples: [
      [`pattern test '{"data":{"kind":["document"]}}' '{"data":{"kind":"image"}}'`, "why one event does not match"],
      ["pattern test @pattern.json @events.ndjson", "pattern and events from files"],
      [
        `history --json | waggle pattern test '{"metadata":{"priority":[{"numeric":["<=",3]}]}}'`,
        "the events in history",
      ],
    ],
    exits: { ok: "every event matches", failed: "an event does not match or is not JSON, or the pattern is invalid" },
  })
    .argument("<pattern>", "the pattern as JSON, or @file")
    .argument("[events...]", "events as JSON, or @file (.json: one or an array, else one per line); default: stdin")
    .action(async (patternText: string, events: string[], _, self: Command) => {
      const pattern = parseJsonArgument(self, "the pattern", await textOf(io, patternText));
      if (events.length === 0 && io.stdin.isTTY)
        self.error("error: missing events; pass JSON, @file, or NDJSON on stdin");
      const json = self.optsWithGlobals<GlobalOptions>().json === true;
      const { compilePattern, explainPattern } = await import("../../pattern/index.ts");
      compilePattern(pattern);
      const results = new PatternResults();
      for await (const record of recordsOf(io, self, events)) {
        const explanation = record.ok ? explainPattern(pattern, record.value) : undefined;
        results.add(record, explanation);
        if (!json) continue;
        writeJson(io.stdout, resultLine(record, explanation));
        await io.stdout.drained();
      }
      io.signal.throwIfAborted();
      if (!json) io.stdout.write(renderPatternResults(io, results));
      if (!results.allMatch) io.exitCode = exitCodes.failed;
    });
}

function resultLine(record: InputRecord, explanation: PatternExplanation | undefined): object {
  const { from, line } = record;
  if (!record.ok) return { from, line, ok: false, problem: record.problem };
  return { from, line, ok: true, matches: explanation?.matches, mismatches: explanation?.mismatches };
}

async function* recordsOf(io: CliIo, command: Command, events: readonly string[]): AsyncGenerator<InputRecord> {
  for (const [index, event] of (events.length === 0 ? ["-"] : events).entries()) {
    if (event === "-" || event.startsWith("@")) {
      for await (const { records } of readRecords(io, event === "-" ? event : event.slice(1))) yield* records;
    } else {
      const value = parseJsonArgument(command, "the event", event);
      yield { from: "argument", line: index + 1, ok: true, value };
    }
  }
}
