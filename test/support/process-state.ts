import { afterAll, vi } from "vitest";

const watchedEvents = ["SIGINT", "SIGTERM", "SIGHUP", "message", "uncaughtException", "unhandledRejection", "warning"];
const before = processState();

/** Test files share a process: what one leaves behind in it would decide whether another passes. */
afterAll(() => {
  const after = processState();
  const changed = Object.keys({ ...before, ...after }).filter((name) => before[name] !== after[name]);
  const changes = changed.map((name) => `${name}: was ${before[name] ?? "absent"}, is ${after[name] ?? "absent"}`);
  if (changes.length > 0) throw new Error(`the tests of this file left the process changed:\n${changes.join("\n")}`);
});

function processState(): Record<string, unknown> {
  return {
    ...Object.fromEntries(Object.entries(process.env).map(([name, value]) => [`environment variable ${name}`, value])),
    ...Object.fromEntries(watchedEvents.map((name) => [`listeners to ${name}`, process.listenerCount(name)])),
    "working directory": process.cwd(),
    "exit code": process.exitCode,
    "fake timers": vi.isFakeTimers(),
    "mocked console.log": vi.isMockFunction(console.log),
    "mocked stdout": vi.isMockFunction(process.stdout.write),
    "mocked stderr": vi.isMockFunction(process.stderr.write),
  };
}
