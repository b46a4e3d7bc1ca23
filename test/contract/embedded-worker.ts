/** Consumes subscriptions of the suite in a process of its own: `embedded-worker.ts <directory of reports> <file> <name>...` */

import { connect } from "wagglebus";
import { consumeInWorker, fileRecorder } from "wagglebus/engine/contract/worker";
import { keepCompiled } from "../support/keep-compiled.ts";

const [directory = "", file = "", ...names] = process.argv.slice(2);
const bus = await connect({ engine: "embedded", file, source: "contract", logLevel: "silent" });
keepCompiled();
await consumeInWorker(bus, fileRecorder(directory), names);
