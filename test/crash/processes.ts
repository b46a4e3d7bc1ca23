import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export type Role = "work" | "drain" | "hold";

/** A line of the journal. */
export interface Note {
  readonly what: string;
  readonly words: readonly string[];
}

/** The processes of a test on one bus, and the journal that they share. */
export class Processes {
  readonly file: string;
  readonly journal: string;
  readonly #engine: readonly [name: string, where: string];
  readonly #children = new Map<string, ChildProcess>();
  #started: number;

  /**
   * `engine` is what the processes connect to, as worker.ts takes it; default: a file in the directory. `started`: how many
   * others have begun on the journal, since each has a number.
   */
  constructor(directory: string, engine?: readonly [name: string, where: string], started = 0) {
    this.#started = started;
    this.file = `${directory}/bus.db`;
    this.#engine = engine ?? ["embedded", this.file];
    this.journal = `${directory}/journal`;
    appendFileSync(this.journal, "");
  }

  /** Starts one; resolves with its name when its bus is open. */
  async start(role: Role): Promise<string> {
    const run = `run${++this.#started}`;
    const child = fork(
      fileURLToPath(new URL("worker.ts", import.meta.url)),
      [...this.#engine, this.journal, run, role],
      {
        execArgv: [],
      },
    );
    this.#children.set(run, child);
    await Promise.race([
      once(child, "message"),
      once(child, "exit").then(([code]) => Promise.reject(new Error(`${role} ended with ${code} before it was ready`))),
    ]);
    return run;
  }

  /** Ends one at once, wherever it is. The journal says so before: what it writes until then is its own. */
  async kill(run: string): Promise<void> {
    const child = this.#child(run);
    const gone = once(child, "exit");
    appendFileSync(this.journal, `killed ${run}\n`);
    child.kill("SIGKILL");
    await gone;
    this.#children.delete(run);
  }

  signal(run: string, signal: "SIGSTOP" | "SIGCONT"): void {
    this.#child(run).kill(signal);
  }

  /** Has one that holds go on. */
  tell(run: string): void {
    this.#child(run).send("go on");
  }

  /** Resolves with its exit code. */
  async ended(run: string): Promise<number | null> {
    const child = this.#child(run);
    if (child.exitCode === null) await once(child, "exit");
    this.#children.delete(run);
    return child.exitCode;
  }

  notes(): Note[] {
    const lines = readFileSync(this.journal, "utf8").split("\n").slice(0, -1);
    return lines.map((line) => {
      const [what = "", ...words] = line.split(" ");
      return { what, words };
    });
  }

  /** For the end of a test that failed. */
  killAll(): void {
    for (const child of this.#children.values()) child.kill("SIGKILL");
  }

  #child(run: string): ChildProcess {
    const child = this.#children.get(run);
    if (child === undefined) throw new Error(`there is no process ${run}`);
    return child;
  }
}
