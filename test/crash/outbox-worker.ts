/**
 * Relays an outbox in DynamoDB in a process of its own, which a test kills: `outbox-worker.ts <endpoint> <table> <file of the
 * embedded bus> <count>`. Tells the id of each event that the bus has taken; with so many it stops short of the note of them.
 */
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { connect } from "wagglebus";
import { createOutbox } from "wagglebus/outbox";
import { dynamoOutbox } from "wagglebus/outbox/dynamodb";

const [endpoint = "", table = "", file = "", count = "1"] = process.argv.slice(2);
let taken = 0;
const bus = await connect({
  engine: "embedded",
  file,
  source: "relay",
  logLevel: "silent",
  use: [
    {
      publish: async (entry, next) => {
        const appended = await next(entry);
        process.send?.(entry.event.id);
        taken += 1;
        // The outbox notes what was taken together: from here on nothing, until a kill, after which it is published again.
        return taken >= Number(count) ? new Promise<never>(() => {}) : appended;
      },
    },
  ],
});
const credentials = { accessKeyId: "test", secretAccessKey: "test" };
const client = new DynamoDBClient({ endpoint, region: "us-east-1", credentials });
const outbox = createOutbox({ store: dynamoOutbox(client, { table }), bus });
await outbox.relay({ signal: new AbortController().signal, poll: "10ms" });
