import console from "node:console";
import { format } from "node:util";

const methods = ["log", "info", "debug", "warn", "error"] as const;

/** Has what the process prints by `console` go to `write`, a line with its newline at a time. Gives what ends that. */
export function captureConsole(write: (text: string) => void): () => void {
  const before = methods.map((name) => ({ name, method: console[name] }));
  for (const name of methods) console[name] = (...values: unknown[]) => write(`${format(...values)}\n`);
  return () => {
    for (const { name, method } of before) console[name] = method;
  };
}
