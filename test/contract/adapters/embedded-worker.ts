/** Consumes subscriptions of the suite in a process of its own: `embedded-worker.ts <probe directory> <file> <name>...` */
import { connect } from "../../../lib/index.ts";
import { fileProbe } from "./file-probe.ts";
import { work } from "./work.ts";

const [directory = "", file = "", ...names] = process.argv.slice(2);
const bus = await connect({ engine: "embedded", file, source: "contract", logLevel: "silent" });
await work(bus, fileProbe(directory), names, 1);
