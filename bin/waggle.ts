#!/usr/bin/env node
import { tooOldNode } from "../lib/cli/node-version.ts";

const tooOld = tooOldNode(process.versions.node);
if (tooOld !== undefined) {
  process.stderr.write(`error: ${tooOld}\n`);
  process.exit(1);
}
// These imports come after the check: an old Node would fail at the first missing export with an unclear message.
const [{ processIo }, { run }] = await Promise.all([import("../lib/cli/process-io.ts"), import("../lib/cli/run.ts")]);

const io = processIo();
const code = await run(process.argv.slice(2), io);
await Promise.all([io.stdout.drained(), io.stderr.drained()]);
// Handles that a handler or stdin left open would otherwise keep the process alive.
process.exit(code);
