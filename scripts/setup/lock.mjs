import { existsSync, linkSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { root, SetupError, say } from "./process.mjs";

const file = join(root, ".setup.lock");
const pollMs = 200;
const patienceMs = 15 * 60_000;

/**
 * Runs `work` while no other process sets this checkout up. The lock of a process that is gone is taken over.
 * @template T
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withLock(work) {
  const start = performance.now();
  let told = false;
  while (!take()) {
    const owner = read();
    const [pid = ""] = owner?.split(" ") ?? [];
    // An empty file: its owner has made it and is about to write its identity.
    if (owner !== undefined && pid !== "" && identity(pid) !== owner) {
      removeStale(owner);
      continue;
    }
    if (!told) say(`waiting for another set-up (process ${pid || "unknown"})`);
    told = true;
    if (performance.now() - start > patienceMs) {
      throw new SetupError(`process ${pid} has held ${file} for too long; end it or delete the file`);
    }
    await wait(pollMs);
  }
  process.on("exit", release);
  try {
    return await work();
  } finally {
    process.off("exit", release);
    release();
  }
}

function take() {
  try {
    writeFileSync(file, identity(String(process.pid)) ?? String(process.pid), { flag: "wx" });
    return true;
  } catch (error) {
    if (isCode(error, "EEXIST")) return false;
    throw new SetupError(`could not write ${file}: ${String(error)}`);
  }
}

function release() {
  rmSync(file, { force: true });
}

function read() {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}

/**
 * What tells a running process from a later one with its number: on Linux, its start time. Undefined when it has ended.
 * @param {string} pid
 */
function identity(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    const [state, ...fields] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return state === "Z" ? undefined : `${pid} ${fields[18]}`;
  } catch {
    return !existsSync("/proc/self/stat") && answers(Number(pid)) ? pid : undefined;
  }
}

/** @param {number} pid */
function answers(pid) {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return isCode(error, "EPERM");
  }
}

/**
 * Two waiters may both find the owner gone, and the slower one must not remove the lock that the faster one took since:
 * what was moved aside and is not the stale one goes back.
 * @param {string} owner
 */
function removeStale(owner) {
  const aside = `${file}.${process.pid}`;
  try {
    renameSync(file, aside);
    if (readFileSync(aside, "utf8") !== owner) linkSync(aside, file);
  } catch {
    // Someone else was faster: the next turn of the caller's loop sees what is there now.
  }
  rmSync(aside, { force: true });
}

/**
 * @param {unknown} error
 * @param {string} code
 */
function isCode(error, code) {
  return error instanceof Error && "code" in error && error.code === code;
}
