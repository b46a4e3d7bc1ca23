import { basename } from "node:path";
import { run } from "./process.mjs";

/**
 * Runs the npm that started this process, else the one on the PATH. Its output goes to stderr.
 * @param {string[]} args
 */
export function npm(args) {
  const self = process.env.npm_execpath;
  if (self !== undefined && basename(self) === "npm-cli.js") {
    return run(process.execPath, [self, ...args], { output: "stderr" });
  }
  return run("npm", args, { output: "stderr", shell: process.platform === "win32" });
}
