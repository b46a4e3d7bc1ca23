import type { Event } from "../../event/event.ts";
import type { CliIo } from "../io.ts";
import { pathOf } from "./ledger.ts";
import type { Plan, Reporter, Summary } from "./report.ts";
import type { FailedStep } from "./steps.ts";

/** For a program: one JSON object a line on stdout, told apart by `kind`; the summary comes last. */
export class JsonReporter implements Reporter {
  readonly #io: CliIo;

  constructor(io: CliIo) {
    this.#io = io;
  }

  planned(plan: Plan): void {
    this.#write({ kind: "plan", ...plan });
  }

  event(event: Event): void {
    const { id, type, source, time, metadata } = event;
    const path = pathOf(event);
    const { correlationId } = metadata;
    this.#write({ kind: "event", id, type, source, time, correlationId, ...(path === undefined ? {} : { path }) });
  }

  failed(step: FailedStep): void {
    this.#write({ kind: "failure", ...step });
  }

  running(): void {}

  note(level: "warning" | "error", message: string): void {
    this.#write({ kind: level, message });
  }

  finished(summary: Summary): void {
    this.#write({ kind: "summary", ...summary });
  }

  interrupted(): void {
    this.#write({ kind: "interrupted" });
  }

  #write(record: Readonly<Record<string, unknown>>): void {
    this.#io.stdout.write(`${JSON.stringify(record)}\n`);
  }
}
