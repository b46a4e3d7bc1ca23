import type { CliOutput } from "../io.ts";

// Without wrapping: a line that is too long would push the ones above it out of the screen.
const enter = "\u001b[?1049h\u001b[?25l\u001b[?7l";
const leave = "\u001b[?7h\u001b[?25h\u001b[?1049l";
const home = "\u001b[H";
const clearToEndOfLine = "\u001b[K";
const clearBelow = "\u001b[J";

/**
 * The whole of a terminal, drawn again and again. It uses the alternate screen: once it is closed, the terminal shows what it
 * showed before.
 */
export class Screen {
  readonly #output: CliOutput;
  #open = false;
  /** A second Ctrl-C ends the process at once: then too the terminal is given back. */
  readonly #onExit = () => this.close();
  /** A window that is closed, or a session that ends, gets its terminal back, and then the signal does what it does. */
  readonly #onHangup = () => {
    this.close();
    process.kill(process.pid, "SIGHUP");
  };

  constructor(output: CliOutput) {
    this.#output = output;
  }

  /** Replaces what is shown; what does not fit is left out. */
  draw(text: string): void {
    const lines = text.replace(/\n$/, "").split("\n");
    const { rows } = this.#output;
    const shown = rows === undefined || lines.length <= rows ? lines : [...lines.slice(0, rows - 1), more(lines, rows)];
    // Each line is cleared as it is written: clearing all of it first would flicker.
    const frame = shown.map((line) => line + clearToEndOfLine).join("\r\n");
    this.#output.write(`${this.#open ? "" : enter}${home}${frame}${clearBelow}`);
    if (!this.#open) {
      process.once("exit", this.#onExit);
      process.once("SIGHUP", this.#onHangup);
    }
    this.#open = true;
  }

  /** Gives the terminal back. A second call does nothing. */
  close(): void {
    if (this.#open) this.#output.write(leave);
    process.off("exit", this.#onExit);
    process.off("SIGHUP", this.#onHangup);
    this.#open = false;
  }
}

function more(lines: readonly string[], rows: number): string {
  return `… ${lines.length - rows + 1} more lines`;
}
