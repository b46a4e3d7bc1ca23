import { randomBytes } from "node:crypto";
import { ListBucketsCommand, ListObjectsV2Command, PutBucketTaggingCommand, S3Client } from "@aws-sdk/client-s3";
import { expect } from "vitest";
import { bodyPrefixes } from "../../../lib/aws-shared/index.ts";
import type { Bus } from "../../../lib/bus/bus.ts";
import { eventually } from "../../support/eventually.ts";
import { patience } from "./settings.ts";

/** Publishes an event with a body beyond a row's 350 KB, finds it whole in history, and its body in the bus's bucket. */
export async function recordLarge(bus: Bus, busName: string): Promise<void> {
  // Nothing to compress.
  const text = randomBytes(450_000).toString("base64");
  const published = await bus.publish({ type: "custom.e2e.large", data: { text } });
  expect(await eventually("it is recorded", () => bus.history.get(published.id), patience, 200)).toEqual(published);
  expect(await storedOf(busName, bodyPrefixes.events, published.id)).toHaveLength(1);
}

/** The keys of what a bus's bucket has under a prefix for an id. */
export function storedOf(busName: string, Prefix: string, id: string): Promise<string[]> {
  return inBucket(busName, async (s3, Bucket) => {
    const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket, Prefix }));
    return Contents.flatMap(({ Key = "" }) => (Key.includes(encodeURIComponent(id)) ? [Key] : []));
  });
}

/** Gives a bus's bucket the tag without which it does not empty itself. */
export async function tagBodies(busName: string): Promise<void> {
  const Tagging = { TagSet: [{ Key: "aws-cdk:auto-delete-objects", Value: "true" }] };
  await inBucket(busName, async (s3, Bucket) => {
    await s3.send(new PutBucketTaggingCommand({ Bucket, Tagging }));
  });
}

async function inBucket<Result>(
  busName: string,
  work: (s3: S3Client, bucket: string) => Promise<Result>,
): Promise<Result> {
  const s3 = new S3Client({ forcePathStyle: true });
  try {
    const { Buckets = [] } = await s3.send(new ListBucketsCommand());
    const bucket = Buckets.find(({ Name = "" }) => Name.startsWith(`waggle-${busName}-bodies-`));
    if (bucket?.Name === undefined) throw new Error(`bus ${busName} has no bucket`);
    return await work(s3, bucket.Name);
  } finally {
    s3.destroy();
  }
}
