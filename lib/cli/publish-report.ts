import type { BusError } from "../error/bus-error.ts";
import type { Event } from "../event/event.ts";
import type { RecordPosition } from "./input/records.ts";
import { type CliIo, exitCodes } from "./io.ts";
import { writeJson } from "./output/json.ts";
import { plural, printable, printableLines } from "./output/text.ts";
import { formatElapsed } from "./output/time.ts";
import type { CliError } from "./report-error.ts";

/** The result of publishing one event. */
export type OneResult = { readonly ok: true; readonly event: Event } | { readonly ok: false; readonly error: BusError };

/** Reports the result of each event, and sets the exit code. */
export class PublishReport {
  readonly #io: CliIo;
  readonly #json: boolean;
  readonly #startedAt: number;
  #published = 0;
  #failed = 0;
  #notJson = 0;

  constructor(io: CliIo, json: boolean) {
    this.#io = io;
    this.#json = json;
    this.#startedAt = io.now();
  }

  /** The number of published events. */
  get count(): number {
    return this.#published;
  }

  /** Reports the single event of a command line. */
  one(result: OneResult): void {
    this.add(result, undefined);
    if (this.#json || !result.ok) return;
    const { green, bold, dim } = this.#io.stdout.colors;
    const { type, id } = result.event;
    this.#io.stdout.write(`${green("✓")} ${bold(printable(type))} ${dim(id)}\n`);
  }

  /** Reports one of many events; a failure is reported with its position. */
  add(result: OneResult, position: RecordPosition | undefined): void {
    if (result.ok) this.#published += 1;
    else this.#fail();
    if (this.#json) {
      const source = position === undefined ? {} : { from: position.from, line: position.line };
      const outcome = result.ok ? { ok: true, event: result.event } : { ok: false, error: result.error };
      writeJson(this.#io.stdout, { ...source, ...outcome });
    } else if (!result.ok) {
      const { red, bold } = this.#io.stderr.colors;
      const prefix = position === undefined ? "" : `${bold(`${printable(position.from)}:${position.line}:`)} `;
      this.#io.stderr.write(`${prefix}${red(`${result.error.code}:`)} ${printableLines(result.error.message)}\n`);
    }
    if (!result.ok && result.error.message.startsWith("not JSON")) this.#notJson += 1;
  }

  /** Reports a file that cannot be read. */
  unreadable(file: string, error: CliError): void {
    this.#fail();
    if (this.#json) writeJson(this.#io.stdout, { from: file, ok: false, error: { message: error.message } });
    else this.#io.stderr.write(`${this.#io.stderr.colors.red("error:")} ${printableLines(error.message)}\n`);
  }

  /** Prints the summary of many events. */
  summary(duplicates: number): void {
    if (this.#json) return;
    const { green, red, dim } = this.#io.stdout.colors;
    const elapsed = this.#io.now() - this.#startedAt;
    const facts = [
      `${plural(this.#published, "event")} published`,
      ...(duplicates > 0 ? [`${duplicates.toLocaleString("en-US")} of them already stored`] : []),
      ...(this.#failed > 0 ? [red(`${this.#failed.toLocaleString("en-US")} failed`)] : []),
    ];
    const stopped = this.#io.signal.aborted;
    if (stopped) facts.push(red("interrupted"));
    const mark = this.#failed > 0 || stopped ? red("✗") : green("✓");
    this.#io.stdout.write(`${mark} ${facts.join(", ")} ${dim(`in ${formatElapsed(elapsed)}`)}\n`);
    if (this.#notJson > 1 && this.#published === 0) {
      this.#io.stderr.write(
        "note: each line must be one event (NDJSON); put an event of several lines into a .json file\n",
      );
    }
  }

  #fail(): void {
    this.#failed += 1;
    this.#io.exitCode = exitCodes.failed;
  }
}
