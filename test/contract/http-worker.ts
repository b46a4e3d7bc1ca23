/** Consumes subscriptions of the suite over HTTP: `http-worker.ts <directory of reports> <url> <lease> <time scale> <name>...` */

import { connect } from "wagglebus";
import { consumeInWorker, fileRecorder } from "wagglebus/engine/contract/worker";
import { keepCompiled } from "../support/keep-compiled.ts";

const [directory = "", url = "", lease = "", scale = "1", ...names] = process.argv.slice(2);
const bus = await connect({ engine: "http", url, lease: Number(lease), source: "contract", logLevel: "silent" });
keepCompiled();
await consumeInWorker(bus, fileRecorder(directory), names, Number(scale));
