import { type ChildProcess, execFile, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import pg from "pg";
import { freePort } from "../../support/free-port.ts";

/** Debian's package and the libraries that it needs and a small system lacks. */
const packages = ["pgbouncer", "libevent-2.1-7", "libc-ares2"];
const folder = new URL("../../../node_modules/.cache/pgbouncer/", import.meta.url).pathname;
const nobody = { uid: 65_534, gid: 65_534 };
const isRoot = process.getuid?.() === 0;

interface Program {
  readonly path: string;
  /** Where its libraries lie besides those of the system. */
  readonly libraries: string;
}

/** PgBouncer as it is installed, or else unpacked from Debian's package; a text says why it cannot be had. */
export function findPgBouncer(): Program | string {
  const libraries = join(folder, "usr/lib", process.arch === "arm64" ? "aarch64-linux-gnu" : "x86_64-linux-gnu");
  const places = ["/usr/sbin/pgbouncer", "/usr/local/bin/pgbouncer", join(folder, "usr/sbin/pgbouncer")];
  const found = () => places.find(existsSync);
  if (found() === undefined) {
    const problem = unpack();
    if (problem !== undefined) return problem;
  }
  const path = found();
  return path === undefined ? "the package of pgbouncer does not hold it" : { path, libraries };
}

function unpack(): string | undefined {
  mkdirSync(folder, { recursive: true });
  const options = { cwd: folder, encoding: "utf8" } as const;
  const download = () => spawnSync("apt-get", ["download", ...packages], options);
  let result = download();
  // A system that was never updated knows no package.
  if (result.status !== 0 && isRoot) {
    spawnSync("apt-get", ["update"], options);
    result = download();
  }
  if (result.status !== 0) return `apt-get failed: ${(result.error?.message ?? result.stderr).trim().slice(0, 200)}`;
  for (const file of readdirSync(folder)) {
    if (file.endsWith(".deb")) execFileSync("dpkg-deb", ["-x", file, "."], options);
  }
  return undefined;
}

/** A PgBouncer in transaction mode in front of a server, on a free port of the loopback. */
export class PgBouncer {
  readonly port: number;
  readonly #folder: string;
  readonly #process: ChildProcess;

  private constructor(port: number, folder: string, child: ChildProcess) {
    this.port = port;
    this.#folder = folder;
    this.#process = child;
  }

  /** Few connections to the server, so that transactions of one client go to many sessions. */
  static async start(program: Program, server: URL): Promise<PgBouncer> {
    for (;;) {
      const config = await mkdtemp(join(tmpdir(), "wagglebus-pgbouncer-"));
      const log = join(config, "log");
      const bouncer = await PgBouncer.#spawn(program, server, config, log);
      try {
        await bouncer.#ready(log);
        return bouncer;
      } catch (thrown) {
        const said = await readFile(log, "utf8").catch(() => "");
        await bouncer.stop();
        // Others take ports at the same time: what was free may not be so any more.
        if (!said.includes("Address already in use")) throw thrown;
      }
    }
  }

  static async #spawn({ path, libraries }: Program, server: URL, config: string, log: string): Promise<PgBouncer> {
    const port = await freePort();
    const file = join(config, "pgbouncer.ini");
    await writeFile(
      file,
      `[databases]
* = host=127.0.0.1 port=${server.port} user=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 8
max_client_conn = 500
ignore_startup_parameters = extra_float_digits
logfile = ${log}
`,
    );
    if (isRoot) {
      await promisify(execFile)("chown", ["-R", `${nobody.uid}:${nobody.gid}`, config]);
      await chmod(tmpdir(), (await stat(tmpdir())).mode | 0o111);
    }
    const child = spawn(path, [file], {
      cwd: config,
      stdio: "ignore",
      env: { ...process.env, LD_LIBRARY_PATH: libraries },
      ...(isRoot ? nobody : {}),
    });
    return new PgBouncer(port, config, child);
  }

  get url(): string {
    return `postgres://postgres@127.0.0.1:${this.port}/postgres`;
  }

  async #ready(log: string): Promise<void> {
    for (;;) {
      if (this.#process.exitCode !== null) {
        throw new Error(
          `pgbouncer ended with ${this.#process.exitCode}: ${await readFile(log, "utf8").catch(() => "")}`,
        );
      }
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

  /** Ends it and removes its files. */
  async stop(): Promise<void> {
    if (this.#process.exitCode === null) {
      const ended = once(this.#process, "exit");
      this.#process.kill("SIGINT");
      await ended;
    }
    await rm(this.#folder, { recursive: true, force: true });
  }
}
