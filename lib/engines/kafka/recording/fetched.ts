import type { Consumer } from "@platformatic/kafka";
import type { FetchedRecord } from "../records/open-record.ts";

/** What was fetched of one partition. */
export interface FetchedPartition {
  readonly topic: string;
  readonly partition: number;
  readonly records: readonly FetchedRecord[];
  /** The offset that follows what was fetched. */
  readonly next: number;
}

/** Bit of a batch that tells of transactions and holds no records of anybody. */
const controlBatch = 0b10_0000;

type FetchResponse = Awaited<ReturnType<Consumer["fetch"]>>;

/** The records of a response from their offsets on; a batch may begin before what was asked for. */
export function fetchedOf(
  response: FetchResponse,
  topicOf: (id: string) => string | undefined,
  from: (topic: string, partition: number) => number,
): FetchedPartition[] {
  return response.responses.flatMap(({ partitions, topicId }) => {
    const topic = topicOf(topicId);
    if (topic === undefined) return [];
    return partitions.flatMap(({ partitionIndex: partition, records: read }) => {
      const batches = read ?? [];
      const last = batches.at(-1);
      if (last === undefined) return [];
      const first = from(topic, partition);
      const records: FetchedRecord[] = [];
      for (const batch of batches) {
        if ((batch.attributes & controlBatch) !== 0) continue;
        const base = Number(batch.firstOffset);
        for (const { headers, offsetDelta, timestampDelta, value } of batch.records) {
          const offset = base + offsetDelta;
          if (offset < first) continue;
          const timestamp = Number(batch.firstTimestamp + timestampDelta);
          records.push({
            topic,
            partition,
            offset,
            timestamp: Math.max(timestamp, 0),
            headers: new Map(headers.map(([name, text]) => [name?.toString() ?? "", text?.toString() ?? ""])),
            value: value?.toString(),
          });
        }
      }
      return [{ topic, partition, records, next: Number(last.firstOffset) + last.lastOffsetDelta + 1 }];
    });
  });
}
