import type { CliOutput } from "../io.ts";
import { truncate } from "../output/text.ts";

/** Most redraws are thrown away: an eye sees no more. */
const frameMs = 50;
const clearLine = "\r\u001b[2K";

/** One line at the foot of a terminal that changes in place; other output scrolls by above it. */
export class LiveLine {
  /** Writes above the line. */
  readonly output: CliOutput;
  readonly #terminal: CliOutput;
  #text = "";
  #drawnAt = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #drawn = false;

  constructor(terminal: CliOutput) {
    this.#terminal = terminal;
    this.output = {
      isTTY: terminal.isTTY,
      get columns() {
        return terminal.columns;
      },
      colors: terminal.colors,
      write: (text) => {
        this.#clear();
        terminal.write(text);
        if (this.#text !== "" && text.endsWith("\n")) this.#draw();
      },
      drained: () => terminal.drained(),
    };
  }

  /** Shows this text soon; plain, cut to the width. */
  show(text: string): void {
    this.#text = text;
    if (this.#timer !== undefined) return;
    const wait = this.#drawnAt + frameMs - performance.now();
    if (wait <= 0) this.#draw();
    else this.#timer = setTimeout(() => this.#draw(), wait).unref();
  }

  /** Takes the line away for good. */
  end(): void {
    this.#text = "";
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#clear();
  }

  #draw(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#drawnAt = performance.now();
    this.#drawn = true;
    const { columns, colors } = this.#terminal;
    // One column is left free: a terminal breaks the line when the last one is filled.
    this.#terminal.write(`${clearLine}${colors.dim(truncate(this.#text, columns - 1))}`);
  }

  #clear(): void {
    if (this.#drawn) this.#terminal.write(clearLine);
    this.#drawn = false;
  }
}
