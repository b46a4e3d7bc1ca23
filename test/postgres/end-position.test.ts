import { randomBytes } from "node:crypto";
import pg from "pg";
import { expect, inject, onTestFinished, test } from "vitest";
import { connect } from "../../lib/index.ts";
import { type PostgresPool, postgresEngine } from "../../lib/postgres-entry.ts";

const url = inject("postgresUrl");
const type = "custom.awaited";

/** A pool that holds up whoever asks for the end of the log, until it is told to go on. */
function slowToTellTheEnd(): { pool: PostgresPool; goOn: () => void } {
  const own = new pg.Pool({ connectionString: url });
  onTestFinished(() => own.end());
  const gate = Promise.withResolvers<void>();
  const pool: PostgresPool = {
    query: async (statement) => {
      if (statement.text.includes("read_after($1, 0)")) await gate.promise;
      return own.query(statement);
    },
    connect: () => own.connect(),
    end: () => own.end(),
  };
  return { pool, goOn: () => gate.resolve() };
}

// The end of the log was asked for by one connection while another appended: where the answer was the later of the two, it lay
// behind the event, and who waited for that waited in vain.
test("what is published after a wait and a tail have begun is seen by both, however late the end of the log is told", async () => {
  const { pool, goOn } = slowToTellTheEnd();
  const schema = `end_${randomBytes(4).toString("hex")}`;
  await using bus = await connect({ engine: postgresEngine({ pool, schema, listenUrl: false }), source: "test" });
  const waiting = bus.waitFor(type, { timeout: "20s" });
  const first = bus.history.tail({ type })[Symbol.asyncIterator]().next();
  const publishing = bus.publish({ type, data: {} });
  // An append that waited for nobody would be committed by then.
  for (let calls = 0; calls < 20; calls += 1) await bus.history.get("no-such-event");
  goOn();
  const event = await publishing;
  expect(await waiting).toEqual(event);
  expect((await first).value).toEqual(event);
});
