import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { appendFile, chmod, chown, mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import pg from "pg";
import { freePort } from "../../support/free-port.ts";
import { type Binaries, findBinaries } from "./binaries.ts";

const execute = promisify(execFile);

/** `nobody`: a server refuses to run as root. */
const nobody = { uid: 65_534, gid: 65_534 };
const isRoot = process.getuid?.() === 0;
const unprivileged = isRoot ? nobody : {};

/** A PostgreSQL server of its own, on a free port of the loopback. */
export class PostgresServer {
  readonly port: number;
  readonly #binaries: Binaries;
  readonly #folder: string;
  readonly #settings: readonly string[];
  #process: ChildProcess | undefined;

  private constructor(binaries: Binaries, folder: string, port: number, settings: readonly string[]) {
    this.#binaries = binaries;
    this.#folder = folder;
    this.port = port;
    this.#settings = settings;
  }

  /** Makes an empty cluster in a folder of `place` and starts it. `settings` are lines of `postgresql.conf`. */
  static async start(settings: readonly string[] = [], place = tmpdir()): Promise<PostgresServer> {
    const binaries = findBinaries();
    const folder = await mkdtemp(join(place, "wagglebus-postgres-"));
    if (isRoot) {
      await chown(folder, nobody.uid, nobody.gid);
      // The temporary folder of a run is root's alone: its path must be open, though its contents need not.
      await chmod(tmpdir(), (await stat(tmpdir())).mode | 0o111);
    }
    const options = ["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"];
    await execute(binaries.initdb, ["-D", folder, ...options], { cwd: folder, ...unprivileged });
    for (;;) {
      const server = new PostgresServer(binaries, folder, await freePort(), settings);
      try {
        await server.resume();
        return server;
      } catch (thrown) {
        // Others take ports at the same time: what was free may not be so any more.
        if (!(await server.log()).includes("Address already in use")) throw thrown;
        await rm(server.#logFile);
      }
    }
  }

  get #logFile(): string {
    return join(this.#folder, "server.log");
  }

  get url(): string {
    return this.urlOf("postgres");
  }

  urlOf(database: string): string {
    return `postgres://postgres@127.0.0.1:${this.port}/${database}`;
  }

  /** CPU time of its processes that have ended, those of closed connections, in milliseconds; 0 where the system does not tell. */
  async endedCpuMs(): Promise<number> {
    const line = await readFile(`/proc/${this.#process?.pid}/stat`, "utf8").catch(() => "");
    // After the name in parentheses: the 14th and 15th are the times of the children, in hundredths of a second.
    const [user = 0, system = 0] = line
      .slice(line.lastIndexOf(")") + 2)
      .split(" ")
      .slice(13, 15)
      .map(Number);
    return (user + system) * 10;
  }

  /** What the server has logged, for a test that fails. */
  log(): Promise<string> {
    return readFile(this.#logFile, "utf8");
  }

  /** Starts it, again after `kill`; resolves once it takes connections. */
  async resume(): Promise<void> {
    const settings = ["listen_addresses=127.0.0.1", `unix_socket_directories=${this.#folder}`, ...this.#settings];
    const args = ["-D", this.#folder, "-p", String(this.port), ...settings.flatMap((setting) => ["-c", setting])];
    const child = spawn(this.#binaries.postgres, args, {
      cwd: this.#folder,
      stdio: ["ignore", "ignore", "pipe"],
      ...unprivileged,
    });
    child.stderr?.on("data", (data: Buffer) => void appendFile(this.#logFile, data).catch(() => {}));
    this.#process = child;
    for (;;) {
      if (child.exitCode !== null) throw new Error(`postgres ended with ${child.exitCode}: ${await this.log()}`);
      // Another may listen there that never answers.
      const client = new pg.Client({ connectionString: this.url, connectionTimeoutMillis: 2_000 });
      try {
        await client.connect();
        await client.end();
        return;
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  }

  /** Ends it at once, with all its processes, as a power cut does to what is in memory. */
  async kill(): Promise<void> {
    await this.#end("SIGQUIT");
  }

  /** Ends it and removes its files. */
  async stop(): Promise<void> {
    await this.#end("SIGINT");
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (child === undefined || child.exitCode !== null) return;
    const ended = once(child, "exit");
    child.kill(signal);
    await ended;
  }
}
