import type { Event } from "../../event/event.ts";
import type { CliIo } from "../io.ts";
import { writeJson } from "../output/json.ts";
import type { NoteLevel, Report, RunPlan, RunSummary } from "./report.ts";
import type { FailedStep, Step } from "./steps.ts";
import type { ReportView } from "./view.ts";

/** For a program: one JSON object a line on stdout, told apart by `kind`; the summary comes last. */
export class JsonReport implements Report {
  readonly #io: CliIo;
  readonly #view: Pick<ReportView, "fields">;

  constructor(io: CliIo, view: Pick<ReportView, "fields">) {
    this.#io = io;
    this.#view = view;
  }

  starting(): void {}

  planned(plan: RunPlan): void {
    this.#write("plan", plan);
  }

  async event(event: Event): Promise<void> {
    const { id, type, source, time, metadata } = event;
    const { correlationId } = metadata;
    this.#write("event", { id, type, source, time, correlationId, ...this.#view.fields?.(event) });
    await this.#io.stdout.drained();
  }

  handled(step: Step): void {
    this.#write("handled", step);
  }

  failed(step: FailedStep): void {
    this.#write("failure", step);
  }

  running(): void {}

  note(level: NoteLevel, message: string): void {
    this.#write(level, { message });
  }

  print(text: string): void {
    this.#io.stderr.write(text);
  }

  finished(summary: RunSummary, result: unknown): void {
    this.#write("summary", { ...Object(result), ...summary });
  }

  stopping(): void {}

  interrupted({ deliveries }: { deliveries: number }): void {
    this.#write("interrupted", { left: deliveries });
  }

  #write(kind: string, record: object): void {
    writeJson(this.#io.stdout, { kind, ...record });
  }
}
