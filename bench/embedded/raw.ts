import { DatabaseSync } from "node:sqlite";
import { createSchema } from "../../lib/engines/embedded/storage/schema.ts";
import { createIds } from "../../lib/event/id.ts";
import { draft } from "./load.ts";

/**
 * The limit: `node:sqlite` by itself, inserting the same event rows into the same tables, and for each subscription a
 * delivery row that the next transaction deletes, in groups of a size. Nothing is validated, routed or looked up, and no
 * more is written than that. Events a second.
 */
export function rawRate(file: string, options: { group: number; subscriptions: number; events: number }): number {
  const { group, subscriptions, events } = options;
  const db = new DatabaseSync(file);
  db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -32000");
  createSchema(db);
  const insertEvent = db.prepare("INSERT INTO events VALUES (?, ?, NULL, ?, 1, ?, 0)");
  const insertDelivery = db.prepare(
    "INSERT INTO deliveries (sub, state, priority, seq, replay, process_id, attempts) VALUES (?, 1, 5, ?, 0, 1, 1)",
  );
  const deleteDelivery = db.prepare(
    "DELETE FROM deliveries WHERE sub = ? AND state = 1 AND priority = 5 AND seq = ? AND replay = 0",
  );
  const [begin, commit] = [db.prepare("BEGIN IMMEDIATE"), db.prepare("COMMIT")];
  const nextId = createIds({ now: Date.now });
  const since = performance.now();
  for (let first = 0; first < events; first += group) {
    begin.run();
    for (let seq = first; seq < Math.min(events, first + group); seq += 1) {
      const id = nextId();
      const time = new Date().toISOString();
      const { data, type } = draft(seq);
      const metadata = { version: 1, correlationId: id, agentId: `agent-${seq % 50}`, priority: 5 };
      insertEvent.run(seq + 1, id, Date.now(), JSON.stringify({ id, type, source: "bench", time, data, metadata }));
      for (let sub = 1; sub <= subscriptions; sub += 1) insertDelivery.run(sub, seq + 1);
    }
    for (let seq = Math.max(0, first - group); seq < first; seq += 1) {
      for (let sub = 1; sub <= subscriptions; sub += 1) deleteDelivery.run(sub, seq + 1);
    }
    commit.run();
  }
  const seconds = (performance.now() - since) / 1_000;
  db.close();
  return events / seconds;
}
