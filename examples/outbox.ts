// An order and its event in one transaction of your own database. Run it in a clone: npm run build && npx node examples/outbox.ts
import { DatabaseSync } from "node:sqlite";
import { connect } from "wagglebus";
import { createOutbox, sqliteOutbox } from "wagglebus/outbox";
import type { Print, Where } from "./options.ts";

export async function outbox(where: Where = { engine: "memory" }, print: Print = console.log) {
  await using bus = await connect({ ...where, source: "shop" });
  const shipped = Promise.withResolvers<void>();
  await bus.subscribe({ name: "shipping", on: "custom.order.placed" }, ({ data }) => {
    print(`shipping: ${JSON.stringify(data)}`);
    shipped.resolve();
  });

  using database = new DatabaseSync(":memory:");
  database.exec("CREATE TABLE orders (id int PRIMARY KEY)");
  const box = createOutbox({ store: sqliteOutbox(database), bus });
  await box.create();
  const ending = new AbortController();
  const relay = box.relay({ signal: ending.signal });

  function place(id: number): void {
    database.exec("BEGIN");
    try {
      box.add(database, { type: "custom.order.placed", data: { id } });
      database.prepare("INSERT INTO orders VALUES (?)").run(id);
      database.exec("COMMIT");
    } catch (error) {
      // The event goes with the order.
      database.exec("ROLLBACK");
      print(`order ${id}: ${error instanceof Error ? error.message : error}`);
    }
  }

  place(12);
  place(12);
  await shipped.promise;
  ending.abort();
  await relay;
  print(`${(await bus.history.query({ type: "custom.order.placed" })).events.length} event`);
}

if (import.meta.main) await outbox();
