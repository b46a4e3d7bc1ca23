import { expect, test } from "vitest";
import type { RunSummary } from "../../../../lib/cli/dev/report.ts";
import { reportLogger } from "../../../../lib/cli/dev/report-logger.ts";
import { Steps } from "../../../../lib/cli/dev/steps.ts";
import { TextReport } from "../../../../lib/cli/dev/text-report.ts";
import type { ReportView } from "../../../../lib/cli/dev/view.ts";
import { anEvent } from "../../../support/an-event.ts";
import { type RunOptions, testIo } from "../test-io.ts";

const step = { subscription: "mailer", eventId: "1", type: "task.created", what: "a.md", attempt: 1, durationMs: 12 };
const summary: RunSummary = { handled: 0, failed: 0, events: {}, slowest: [], deadLetters: [], durationMs: 1_234 };

function report(view: ReportView = {}, options: RunOptions = {}) {
  const { io, stdout, stderr } = testIo("/", options);
  return { report: new TextReport(io, view, "waggle"), stdout, stderr };
}

test("nothing that others wrote moves the terminal", async () => {
  const { report: told, stdout } = report({
    event: () => ({ label: "\u001b[2J", text: "\u001b[1A", note: "\r" }),
    summary: () => ({ headline: "\u001b]0;x\u0007", sections: [{ title: "Files", rows: [["\u009b2J"]] }] }),
  });
  await told.event(anEvent());
  told.failed({ ...step, what: "\u001b[A", message: "\u001b[B\nnext line", dead: true });
  told.note("warning", "\u001b[C");
  const dead = { id: "1", subscription: "mailer", what: "\u001b[D", message: "\u001b[E", attempts: 1, deadAt: "" };
  told.finished({ ...summary, deadLetters: [dead] }, undefined);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
  expect(stdout.text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
  expect(stdout.text).toContain("dead in mailer: \\u001b[A: \\u001b[B\\nnext line\n");
});

test("a failure says whether it is tried again; a message that names its subject stands alone", () => {
  const { report: told, stdout } = report();
  told.failed({ ...step, message: "no address", dead: false });
  told.failed({ ...step, attempt: 5, message: "a.md: no address", dead: true });
  expect(stdout.text).toBe(
    "failed in mailer: a.md: no address (attempt 1; it is tried again)\ndead in mailer: a.md: no address\n",
  );
});

test("on a terminal one line says how far it is, below what is printed", async () => {
  const { report: told, stderr } = report({ event: () => undefined, status: () => "1 of 2" }, { tty: true });
  told.running(["mailer a.md", "mailer b.md"]);
  await told.event(anEvent());
  told.print("hello\n");
  told.interrupted({ deliveries: 0, kept: true });
  const lines = stderr.text.split("\r\u001b[2K");
  expect(lines[1]).toBe("1 of 2 · 0 events · mailer a.md");
  expect(lines).toContain("hello\n");
  expect(lines.at(-1)).toBe("interrupted: stopped; run it again and it goes on where it stopped\n");
});

test("what is left is said, and that the memory engine keeps none of it", () => {
  const { report: told, stderr } = report();
  told.stopping(2);
  told.interrupted({ deliveries: 3, kept: false });
  expect(stderr.text).toBe(
    "2 handlers may finish; Ctrl-C again ends at once\ninterrupted: 3 deliveries left; the memory engine keeps nothing\n",
  );
});

test("the summary of a view comes before what is said of every run", () => {
  const { report: told, stdout } = report({
    summary: (_, result) => ({
      headline: `Read ${String(result)} files.`,
      sections: [
        { title: "Files", rows: [["a.md", { text: "read", tone: "good" }, "1"]], right: [2] },
        { title: "Empty", rows: [] },
      ],
      fix: "fix it:",
      next: [["stats", "all events"]],
    }),
  });
  const dead = { id: "d1", subscription: "mailer", what: "b.md", message: "no address", attempts: 1, deadAt: "" };
  told.finished({ ...summary, events: { "task.created": 1_000 }, slowest: [step], deadLetters: [dead] }, 2);
  expect(stdout.text).toBe(`
Read 2 files.

Files
  a.md  read  1

Events
  1,000  task.created

Slowest steps
  12ms  mailer  a.md

Dead letters
  mailer b.md: no address
    waggle dlq show d1
  fix it: waggle dlq redrive d1

Look further
  waggle stats  all events
`);
});

test("of many dead letters five are shown", () => {
  const { report: told, stdout } = report();
  const dead = { id: "d", subscription: "mailer", what: "b.md", message: "no address", attempts: 1, deadAt: "" };
  told.finished({ ...summary, failed: 7, deadLetters: Array.from({ length: 7 }, () => dead) }, undefined);
  expect(stdout.text).toContain("Nothing was handled in 1.2s; 7 failed attempts; 7 dead letters.\n");
  expect(stdout.text.match(/dlq show d/g)).toHaveLength(5);
  expect(stdout.text).toContain("and 2 more: waggle dlq list\n");
  expect(stdout.text).toContain("once the cause is fixed: waggle dlq redrive --all\n");
});

test("the log is part of it: with its subscription and its own fields, but not what was told already", async () => {
  const { report: told, stdout } = report();
  const steps = new Steps({ onHandled: () => {}, onFailed: () => {}, onRunning: () => {} });
  const fields = { subscription: "mailer", attempt: 1, eventId: "1", type: "task.created", correlationId: "1" };
  const logger = reportLogger(told, steps, "info", undefined);
  logger.info("sending", { ...fields, to: "Ada" });
  logger.debug("not shown");
  // A publish that the handler did not await.
  logger.error("delivery is dead", { ...fields, code: "invalid_event" });
  reportLogger(told, steps, "warning", undefined).info("not shown");
  expect(stdout.text).toBe("mailer: sending to=Ada\nerror: mailer: delivery is dead code=invalid_event\n");
});
