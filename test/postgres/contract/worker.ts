/** Consumes subscriptions of the suite in a process of its own: `worker.ts <directory of reports> <url> <schema> <name>...` */
import { consumeInWorker, fileRecorder } from "../../../lib/engine/contract/worker.ts";
import { connect } from "../../../lib/index.ts";
import { postgresEngine } from "../../../lib/postgres-entry.ts";
import { keepCompiled } from "../../support/keep-compiled.ts";

const [directory = "", url = "", schema = "", ...names] = process.argv.slice(2);
const bus = await connect({ engine: postgresEngine({ url, schema }), source: "contract", logLevel: "silent" });
keepCompiled();
await consumeInWorker(bus, fileRecorder(directory), names, 3);
