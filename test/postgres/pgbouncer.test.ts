import { randomBytes } from "node:crypto";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { type ContractAdapter, fileRecorder, runContract } from "../../lib/engine/contract/index.ts";
import { type BusError, connect } from "../../lib/index.ts";
import { createOutbox, pgOutbox } from "../../lib/outbox-entry.ts";
import { postgresEngine } from "../../lib/postgres-entry.ts";
import { testBus } from "../../lib/testing/index.ts";
import { eventually } from "../support/eventually.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { findPgBouncer, PgBouncer } from "./support/pgbouncer.ts";

const direct = inject("postgresUrl");
const program = findPgBouncer();
const type = "custom.pooled";

test.skipIf(typeof program === "string")(`PgBouncer is there: ${JSON.stringify(program)}`, () => {
  expect(program).toBeTypeOf("object");
});

if (typeof program !== "string") {
  let bouncer: PgBouncer;
  beforeAll(async () => {
    bouncer = await PgBouncer.start(program, new URL(direct));
  });
  afterAll(() => bouncer.stop());
  const newSchema = () => `pooled_${randomBytes(4).toString("hex")}`;

  const adapter: ContractAdapter = {
    name: "postgres behind PgBouncer",
    timeScale: 3,
    prepare: async () => {
      const directory = await temporaryDirectory();
      const schema = newSchema();
      const engine = () => postgresEngine({ url: bouncer.url, listenUrl: direct, schema });
      return {
        recorder: fileRecorder(directory.path),
        connect: (options) => connect({ ...options, engine: engine() }),
        startWorker: () => Promise.reject(new Error("no topic of this part starts processes")),
        close: directory.remove,
      };
    },
  };
  runContract(adapter, { topics: ["publishing", "event ids", "delivery", "order", "settled", "dead letters", "tail"] });

  describe("behind PgBouncer in transaction mode", () => {
    test("without another way to the server processes poll, and all of it works", async () => {
      const errors: BusError[] = [];
      const schema = newSchema();
      const open = () =>
        connect({
          engine: postgresEngine({ url: bouncer.url, schema }),
          source: "test",
          onError: (error) => errors.push(error),
        });
      const [one, other] = await Promise.all([open(), open()]);
      const handled: string[] = [];
      await one.subscribe({ name: "polled", on: type, ordered: "data.key" }, ({ id }) => handled.push(id));
      const events = [];
      for (let n = 0; n < 20; n += 1) events.push(await other.publish({ type, data: { key: "a", n } }));
      await eventually("all are handled", () => handled.length === events.length, 20_000);
      expect(handled).toEqual(events.map(({ id }) => id));
      await Promise.all([one.close(), other.close()]);
      expect(errors.filter(({ code }) => code !== "invalid_config")).toEqual([]);
    });

    test("an event of the caller's transaction comes with it, and so does one of an outbox", async () => {
      const schema = newSchema();
      const bus = await connect({
        engine: postgresEngine({ url: bouncer.url, listenUrl: direct, schema }),
        source: "test",
      });
      const pool = new pg.Pool({ connectionString: bouncer.url });
      const target = testBus({ source: "test" });
      const outbox = createOutbox({ store: pgOutbox(pool, { table: `${schema}.outbox` }), bus: target });
      await outbox.create();
      const client = await pool.connect();
      await client.query("BEGIN");
      const event = await bus.publish({ type, data: {} }, { tx: client });
      const relayed = await outbox.add(client, { type, data: {} });
      expect(await bus.history.get(event.id)).toBeUndefined();
      expect(await outbox.flush()).toMatchObject({ published: 0 });
      await client.query("COMMIT");
      client.release();
      expect(await bus.history.get(event.id)).toEqual(event);
      expect(await outbox.flush()).toMatchObject({ published: 1 });
      expect(target.published).toEqual([relayed]);
      await bus.close();
      await pool.end();
    });
  });
}
