import { basename } from "node:path";
import { run } from "./process.mjs";

/**
 * Runs the npm that started this process, else the one on the PATH.
 * @param {string[]} args
 * @param {"stderr" | "ignore"} output where what it says goes
 */
export function npm(args, output) {
  const self = process.env.npm_execpath;
  if (self !== undefined && basename(self) === "npm-cli.js") {
    return run(process.execPath, [self, ...args], { output });
  }
  return run("npm", args, { output, shell: process.platform === "win32" });
}
