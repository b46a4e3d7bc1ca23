import { DatabaseSync } from "node:sqlite";
import { writeVersion2 } from "./version-2.ts";

/** What version 3 changed, and how it recorded that the deliveries of e1 and e2 had ended; not to be changed any more. */
const changes = `
ALTER TABLE events ADD COLUMN own INTEGER;
CREATE TABLE outcomes (
  id INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  data TEXT NOT NULL
);
INSERT INTO outcomes VALUES (0, 1767222000007, '[["gone",[1,3,7,2,4,6]]]');
INSERT INTO outcomes VALUES (1, 1767222000009, '[["gone",[],[{"offset":1,"totalMs":2,"outcome":"dropped","attempts":1,"replay":1}]]]');
PRAGMA user_version = 3;
`;

/** As {@link writeVersion2}, by a process of version 3. */
export function writeVersion3(file: string): void {
  writeVersion2(file);
  const db = new DatabaseSync(file);
  db.exec(changes);
  db.close();
}
