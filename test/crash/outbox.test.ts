import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { TransactWriteItem } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { connect, type Event } from "../../lib/index.ts";
import { dynamoOutbox } from "../../lib/outbox-dynamodb-entry.ts";
import { createOutbox } from "../../lib/outbox-entry.ts";
import { type Dynamo, describeDynamo, startDynamo } from "../support/dynamo.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { commit, openTable } from "../unit/outbox/support/dynamo-table.ts";

const type = "custom.order.placed";
const program = fileURLToPath(new URL("outbox-worker.ts", import.meta.url));
const rounds = 4;

describeDynamo("an outbox in DynamoDB", () => {
  let dynamo: Dynamo;
  beforeAll(async () => {
    dynamo = await startDynamo();
  });
  afterAll(() => dynamo.close());

  test("relays that are killed between a publish and the note of it lose nothing, publish nothing twice, and keep the order of each key", {
    timeout: 120_000,
  }, async () => {
    const { outbox, table } = await openTable(dynamo);
    const { path, remove } = await temporaryDirectory();
    const file = join(path, "bus.db");
    const added: Event[] = [];
    const taken: string[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const items: TransactWriteItem[] = [];
      for (let n = 0; n < 40; n += 1) {
        added.push(outbox.add(items, { type, data: { n: added.length } }, { key: `k${added.length % 3}` }));
      }
      await commit(dynamo.client, items);
      const child = fork(program, [dynamo.endpoint, table, file, String(1 + round)], { execArgv: [] });
      const gone = once(child, "exit");
      await new Promise<void>((resolve) => {
        let told = 0;
        child.on("message", (id) => {
          taken.push(String(id));
          told += 1;
          if (told === 1 + round) resolve();
        });
      });
      child.kill("SIGKILL");
      await gone;
    }
    const bus = await connect({ engine: "embedded", file, source: "test" });
    onTestFinished(async () => {
      await bus.close();
      await remove();
    });
    const last = createOutbox({ store: dynamoOutbox(dynamo.client, { table }), bus });
    const { published } = await last.flush();
    expect(await last.state()).toEqual({ waiting: 0, failed: 0 });
    const { events } = await bus.history.query({ type, order: "oldest", limit: 1_000 });
    expect(events.map(({ id }) => id).toSorted()).toEqual(added.map(({ id }) => id).toSorted());
    // Some were published again, under the ids that the bus knew: else this test would show nothing.
    expect(taken.length + published).toBeGreaterThan(added.length);
    for (let key = 0; key < 3; key += 1) {
      const numbers = events.map(({ data }) => Number(Reflect.get(Object(data), "n"))).filter((n) => n % 3 === key);
      expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
    }
  });
});
