import { randomBytes } from "node:crypto";
import { inject, test } from "vitest";
import { postgresEngine } from "../../lib/postgres-entry.ts";
import { expectAgentsServed } from "../support/uses-agents.ts";

test("agents are served by two buses of a PostgreSQL database", () =>
  expectAgentsServed({
    engine: postgresEngine({ url: inject("postgresUrl"), schema: `agents_${randomBytes(4).toString("hex")}` }),
  }));
