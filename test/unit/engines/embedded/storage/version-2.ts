import { DatabaseSync } from "node:sqlite";
import { writeVersion1 } from "./version-1.ts";

/** What version 2 changed: names alone; not to be changed any more. */
const renames = `
ALTER TABLE owners RENAME TO processes;
ALTER TABLE doomed RENAME TO pending_deletions;
ALTER TABLE subscriptions RENAME COLUMN owner TO process_id;
ALTER TABLE deliveries RENAME COLUMN owner TO process_id;
ALTER TABLE depths RENAME COLUMN sharers TO participants;
ALTER TABLE dead_letters RENAME COLUMN died TO dead;
PRAGMA user_version = 2;
`;

/** As {@link writeVersion1}, by a process of version 2. */
export function writeVersion2(file: string): void {
  writeVersion1(file);
  const db = new DatabaseSync(file);
  db.exec(renames);
  db.close();
}
