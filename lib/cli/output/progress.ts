import type { CliIo } from "../io.ts";
import { formatBytes } from "./bytes.ts";
import { formatElapsed } from "./time.ts";

/** A short command shows no progress. */
const showAfterMs = 500;
const redrawMs = 100;
const barWidth = 24;

/** A line on a terminal with the progress of a long input. On other outputs it writes nothing. */
export class Progress {
  readonly #io: CliIo;
  readonly #totalBytes: number | undefined;
  readonly #startedAt: number;
  #drawnAt = 0;

  constructor(io: CliIo, totalBytes: number | undefined) {
    this.#io = io;
    this.#totalBytes = totalBytes;
    this.#startedAt = io.now();
  }

  /** Redraws the line, at most ten times a second. */
  update(events: number, bytes: number): void {
    this.#redraw((elapsedMs) => this.#text(events, bytes, elapsedMs));
  }

  /** The same for what is counted and not measured: `label` says what is being done. */
  count(label: string, done: number, total: number | undefined): void {
    this.#redraw((elapsedMs) => {
      const { dim } = this.#io.stderr.colors;
      const rate = dim(`${Math.round((done * 1_000) / elapsedMs).toLocaleString("en-US")}/s`);
      const counts = `${label} ${done.toLocaleString("en-US")} ${rate}`;
      return total === undefined || total === 0 ? counts : this.#bar(done / total, counts, elapsedMs);
    });
  }

  /** Removes the line, so that other lines can be written. */
  clear(): void {
    if (this.#drawnAt > 0) this.#io.stderr.write("\r\u001b[K");
    this.#drawnAt = 0;
  }

  #redraw(text: (elapsedMs: number) => string): void {
    const now = this.#io.now();
    if (!this.#io.stderr.isTTY || now - this.#startedAt < showAfterMs || now - this.#drawnAt < redrawMs) return;
    this.#drawnAt = now;
    this.#io.stderr.write(`\r\u001b[K${text(now - this.#startedAt)}`);
  }

  #text(events: number, bytes: number, elapsedMs: number): string {
    const { dim } = this.#io.stderr.colors;
    const rate = `${Math.round((events * 1_000) / elapsedMs).toLocaleString("en-US")}/s`;
    const counts = `${events.toLocaleString("en-US")} events ${dim(rate)}`;
    if (this.#totalBytes === undefined || this.#totalBytes === 0) return `${counts} ${dim(formatBytes(bytes))}`;
    return this.#bar(bytes / this.#totalBytes, counts, elapsedMs);
  }

  #bar(done: number, counts: string, elapsedMs: number): string {
    const { cyan, dim } = this.#io.stderr.colors;
    const share = Math.min(1, done);
    const full = Math.round(share * barWidth);
    const bar = cyan("█".repeat(full)) + dim("░".repeat(barWidth - full));
    const left = share > 0 ? ` ${formatElapsed((elapsedMs * (1 - share)) / share)} left` : "";
    return `${bar} ${Math.floor(share * 100)}% ${counts}${dim(left)}`;
  }
}
