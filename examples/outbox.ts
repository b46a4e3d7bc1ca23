// An order and its event in one transaction. Run it in a clone: npm run build && npx node examples/outbox.ts
import { DatabaseSync } from "node:sqlite";
import { connect } from "wagglebus";
import { createOutbox, sqliteOutbox } from "wagglebus/outbox";

const bus = await connect({ engine: "memory", source: "shop" });
const shipped = Promise.withResolvers<void>();
await bus.subscribe({ name: "shipping", on: "custom.order.placed" }, ({ data }) => {
  console.log(`shipping: ${JSON.stringify(data)}`);
  shipped.resolve();
});

const database = new DatabaseSync(":memory:");
database.exec("CREATE TABLE orders (id int PRIMARY KEY)");
const outbox = createOutbox({ store: sqliteOutbox(database), bus });
await outbox.create();
const ending = new AbortController();
const relay = outbox.relay({ signal: ending.signal });

function place(id: number): void {
  database.exec("BEGIN");
  try {
    outbox.add(database, { type: "custom.order.placed", data: { id } });
    database.prepare("INSERT INTO orders VALUES (?)").run(id);
    database.exec("COMMIT");
  } catch (error) {
    // The event goes with the order.
    database.exec("ROLLBACK");
    console.log(`order ${id}: ${error instanceof Error ? error.message : error}`);
  }
}

place(12);
place(12);
await shipped.promise;
ending.abort();
await relay;
console.log(`${(await bus.history.query({ type: "custom.order.placed" })).events.length} event`);
await bus.close();
database.close();
