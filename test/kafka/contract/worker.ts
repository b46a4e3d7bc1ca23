/** Consumes subscriptions of the suite in a process of its own: `worker.ts <directory of reports> <place> <name>...` */
import { consumeInWorker, fileRecorder } from "../../../lib/engine/contract/worker.ts";
import { connect } from "../../../lib/index.ts";
import { keepCompiled } from "../../support/keep-compiled.ts";
import { openPlace } from "../support/open-place.ts";

const [directory = "", where = "", ...names] = process.argv.slice(2);
const bus = await connect({ engine: openPlace(where), source: "contract", logLevel: "silent" });
keepCompiled();
await consumeInWorker(bus, fileRecorder(directory), names, 3);
