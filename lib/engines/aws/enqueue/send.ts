import { setTimeout as delay } from "node:timers/promises";
import { SendMessageBatchCommand } from "@aws-sdk/client-sqs";
import { backoffMs } from "../../../delivery/backoff.ts";
import { BusError } from "../../../error/bus-error.ts";
import { toBusErrorOfAws } from "../aws-error.ts";
import { concurrently } from "../concurrently.ts";
import type { AwsDependencies } from "../dependencies.ts";
import { mostBytes, type QueueEntry } from "./queue-entry.ts";

/** Messages of one request, requests at once, and attempts at the messages that a request did not take. */
const [mostEntries, mostRequests, mostAttempts] = [10, 8, 5];
const backoff = { from: 100, to: 2_000 };

/** Entries as requests take them: ten, and a mebibyte. */
export function toRequests(entries: readonly QueueEntry[]): QueueEntry[][] {
  const requests: QueueEntry[][] = [];
  let current: QueueEntry[] = [];
  let bytes = 0;
  for (const entry of entries) {
    if (current.length === mostEntries || bytes + entry.bytes > mostBytes) {
      requests.push(current);
      current = [];
      bytes = 0;
    }
    current.push(entry);
    bytes += entry.bytes;
  }
  return current.length === 0 ? requests : [...requests, current];
}

/**
 * The same for a FIFO queue: a request has one message of each group at most, since of several a queue may refuse one and take the
 * next, which would overtake it. Requests are to be sent one after the other.
 */
export function toOrderedRequests(entries: readonly QueueEntry[]): QueueEntry[][] {
  const requests: { readonly entries: QueueEntry[]; bytes: number }[] = [];
  const lastOfGroup = new Map<string | undefined, number>();
  let firstWithRoom = 0;
  for (const entry of entries) {
    const { MessageGroupId: group } = entry.entry;
    let at = Math.max(firstWithRoom, (lastOfGroup.get(group) ?? -1) + 1);
    for (let request = requests[at]; request !== undefined; request = requests[at]) {
      if (request.entries.length < mostEntries && request.bytes + entry.bytes <= mostBytes) break;
      at += 1;
    }
    const request = requests[at] ?? { entries: [], bytes: 0 };
    requests[at] = request;
    request.entries.push(entry);
    request.bytes += entry.bytes;
    lastOfGroup.set(group, at);
    while (requests[firstWithRoom]?.entries.length === mostEntries) firstWithRoom += 1;
  }
  return requests.map((request) => request.entries);
}

/**
 * Sends all; to a FIFO queue in order within each group. Rejects where one could not be sent, `unavailable` or `throttled`; then others may
 * have been.
 */
export async function sendAll(
  dependencies: Pick<AwsDependencies, "clients" | "random">,
  queue: { readonly queueUrl: string; readonly fifo: boolean },
  entries: readonly QueueEntry[],
): Promise<void> {
  const requests = queue.fifo ? toOrderedRequests(entries) : toRequests(entries);
  await concurrently(requests, queue.fifo ? 1 : mostRequests, (request) => send(dependencies, queue.queueUrl, request));
}

async function send(
  { clients, random }: Pick<AwsDependencies, "clients" | "random">,
  queueUrl: string,
  request: readonly QueueEntry[],
): Promise<void> {
  let left = request;
  for (let attempt = 1; ; attempt += 1) {
    const Entries = left.map(({ entry }, index) => ({ ...entry, Id: String(index) }));
    try {
      const { Failed = [] } = await clients.sqs.send(new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries }));
      const [first] = Failed;
      if (first === undefined) return;
      left = Failed.flatMap(({ Id }) => left[Number(Id)] ?? []);
      if (attempt < mostAttempts && Failed.every(({ SenderFault }) => SenderFault !== true)) {
        await delay(backoffMs(backoff, attempt, random));
        continue;
      }
      const why = `${first.Code}: ${first.Message ?? "no message"}`;
      throw new BusError("unavailable", `queue ${queueUrl}: ${left.length} messages were not taken (${why})`, {
        details: { queue: queueUrl, code: first.Code },
      });
    } catch (thrown) {
      throw toBusErrorOfAws(thrown, `queue ${queueUrl}`);
    }
  }
}
