import { setTimeout as delay } from "node:timers/promises";
import { gunzipSync, gzipSync } from "node:zlib";
import {
  type AttributeValue,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  paginateQuery,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import { type Recorder, reportSchema } from "../../../lib/engine/contract/recorder.ts";

/** Handlers wait at gates by asking again and again: not more often than this. */
const gatePauseMs = 100;

/**
 * A recorder for handlers anywhere in an account: a table with the keys `flow` (text) and `n` (number). A counter item (n = 0)
 * of each flow gives its reports their order; what is long is compressed, as an item has 400 KB at most.
 */
export function dynamoRecorder(dynamo: DynamoDBClient, table: string): Recorder {
  const key = (flow: string, n: number): Record<string, AttributeValue> => ({ flow: { S: flow }, n: { N: String(n) } });
  const gateKey = (gate: string) => key(`gate ${gate}`, 0);
  /** The last write of each flow: what a process tells first is written first, though nobody waits for it. */
  const writes = new Map<string, Promise<void>>();

  async function write(flow: string, report: object): Promise<void> {
    const { Attributes } = await dynamo.send(
      new UpdateItemCommand({
        TableName: table,
        Key: key(flow, 0),
        UpdateExpression: "ADD reported :one",
        ExpressionAttributeValues: { ":one": { N: "1" } },
        ReturnValues: "UPDATED_NEW",
      }),
    );
    const Item = { ...key(flow, Number(Attributes?.reported?.N)), report: { B: gzipSync(JSON.stringify(report)) } };
    await dynamo.send(new PutItemCommand({ TableName: table, Item }));
  }

  return {
    report: (report) => {
      const { flow } = report;
      const written = (writes.get(flow) ?? Promise.resolve()).then(() => write(flow, report));
      // Its own caller hears of a failure; the next report is written all the same.
      writes.set(
        flow,
        written.catch(() => {}),
      );
      return written;
    },
    reports: async (flow) => {
      const query = {
        TableName: table,
        KeyConditionExpression: "flow = :flow AND n > :zero",
        ExpressionAttributeValues: { ":flow": { S: flow }, ":zero": { N: "0" } },
        ConsistentRead: true,
      };
      const reports = [];
      for await (const { Items = [] } of paginateQuery({ client: dynamo }, query)) {
        for (const { report } of Items) {
          reports.push(reportSchema.parse(JSON.parse(gunzipSync(report?.B ?? new Uint8Array()).toString())));
        }
      }
      return reports;
    },
    open: async (gate) => {
      await dynamo.send(new PutItemCommand({ TableName: table, Item: gateKey(gate) }));
    },
    isOpen: async (gate) => {
      const { Item } = await dynamo.send(
        new GetItemCommand({ TableName: table, Key: gateKey(gate), ConsistentRead: true }),
      );
      if (Item === undefined) await delay(gatePauseMs);
      return Item !== undefined;
    },
  };
}
