/**
 * Relays an outbox in a process of its own, which a test kills: `outbox-worker.ts <database> <table> <file of the embedded bus>`.
 * A line for each event that the bus has taken.
 */
import pg from "pg";
import { connect } from "../../../lib/index.ts";
import { createOutbox, pgOutbox } from "../../../lib/outbox-entry.ts";

const [database = "", table = "", file = ""] = process.argv.slice(2);
const bus = await connect({
  engine: "embedded",
  file,
  source: "relay",
  logLevel: "silent",
  use: [
    {
      publish: async (entry, next) => {
        const appended = await next(entry);
        // Told before the outbox notes it: the moment after which a kill leads to a repeat.
        process.send?.(entry.event.id);
        return appended;
      },
    },
  ],
});
const pool = new pg.Pool({ connectionString: database, max: 2 });
const outbox = createOutbox({ store: pgOutbox(pool, { table }), bus });
process.send?.("ready");
await outbox.relay({ signal: new AbortController().signal, poll: "10ms" });
