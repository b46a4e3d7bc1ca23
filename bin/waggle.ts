#!/usr/bin/env node
import { processIo } from "../lib/cli/process-io.ts";
import { run } from "../lib/cli/run.ts";

const io = processIo();
const code = await run(process.argv.slice(2), io);
await Promise.all([io.stdout.drained(), io.stderr.drained()]);
// What a handler or a stdin left open would otherwise keep the process alive.
process.exit(code);
