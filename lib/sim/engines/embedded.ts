import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DatabaseSync, StatementResultingChanges, StatementSync } from "node:sqlite";
import type { Faults } from "../faults.ts";
import { currentProcess, type World } from "../world/world.ts";
import type { Place } from "./place.ts";

/** A file system in memory, where the system has one. */
const memoryFolder = "/dev/shm";
/** Milliseconds between two polls: more than by default, as each costs as much as a delivery, and virtual time is full of them. */
const pollMs = 50;
/** Result codes of SQLite. */
const [busy, ioError] = [5, 10];

/**
 * The embedded engine on a file in memory. A process that crashes leaves its connections: SQLite rolls back what it had begun
 * and gives its locks away, as it does for a process that was killed.
 */
export async function embeddedPlace(_world: World, faults: Faults): Promise<Place> {
  const { openEmbedded } = await import("../../engines/embedded/index.ts");
  const folder = mkdtempSync(join(existsSync(memoryFolder) ? memoryFolder : tmpdir(), "waggle-sim-"));
  const restore = await simulateSqlite(faults);
  return {
    survives: true,
    keepsOrder: true,
    concurrency: "all",
    open: (_process, context) =>
      openEmbedded({ ...context, file: join(folder, "bus.db"), synchronous: "normal", pollMs }),
    quiet: () => true,
    remove: () => {
      restore();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Has each connection belong to the simulated process that uses it first, and its transactions fail at times. */
async function simulateSqlite(faults: Faults): Promise<() => void> {
  const { DatabaseSync } = await import("node:sqlite");
  const { prototype } = DatabaseSync;
  const { exec, prepare } = prototype;
  const known = new WeakSet<DatabaseSync>();
  const own = (db: DatabaseSync) => {
    if (known.has(db)) return;
    known.add(db);
    currentProcess.getStore()?.holds(() => {
      if (db.isOpen) db.close();
    });
  };
  type Run = () => StatementResultingChanges;
  const begin = (run: Run) => {
    if (faults.engine("lock is taken")) throw sqliteError(busy, "database is locked");
    return run();
  };
  const commit = (run: Run) => {
    if (faults.engine("commit", 0.1)) throw sqliteError(ioError, "disk I/O error");
    const result = run();
    if (!faults.engine("crash after commit", 0.01)) return result;
    currentProcess.getStore()?.crash();
    throw sqliteError(ioError, "the process is gone");
  };
  // The module's exports cannot be replaced: Node leaves out those that need `node:` when it is told of new ones.
  prototype.exec = function (sql) {
    own(this);
    exec.call(this, sql);
  };
  prototype.prepare = function (...args) {
    own(this);
    const statement = prepare.apply(this, args);
    const run = statement.run.bind(statement);
    if (args[0] === "BEGIN IMMEDIATE") return replaceRun(statement, () => begin(run));
    return args[0] === "COMMIT" ? replaceRun(statement, () => commit(run)) : statement;
  };
  return () => {
    prototype.exec = exec;
    prototype.prepare = prepare;
  };
}

function replaceRun(statement: StatementSync, run: () => StatementResultingChanges): StatementSync {
  return Object.assign(statement, { run });
}

function sqliteError(errcode: number, message: string): Error {
  return Object.assign(new Error(message), { code: "ERR_SQLITE_ERROR", errcode });
}
