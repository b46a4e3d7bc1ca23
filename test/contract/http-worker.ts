/** Consumes subscriptions of the suite over HTTP: `http-worker.ts <directory of reports> <url> <lease> <time scale> <name>...` */
import { consumeInWorker, fileRecorder } from "../../lib/engine/contract/worker.ts";
import { connect } from "../../lib/index.ts";
import { keepCompiled } from "../support/keep-compiled.ts";

const [directory = "", url = "", lease = "", scale = "1", ...names] = process.argv.slice(2);
const bus = await connect({ engine: "http", url, lease: Number(lease), source: "contract", logLevel: "silent" });
keepCompiled();
await consumeInWorker(bus, fileRecorder(directory), names, Number(scale));
