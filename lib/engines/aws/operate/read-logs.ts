import type { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import { isAwsError, toBusErrorOfAws } from "../aws-error.ts";
import type { FunctionLog } from "./log-groups.ts";

/** A line that a function has logged. */
export interface LogLine {
  /** Milliseconds since 1970. */
  readonly time: number;
  /** As {@link FunctionLog.function}. */
  readonly function: string;
  readonly text: string;
  /** Of the line, in CloudWatch. */
  readonly id: string;
}

/** Which lines are wanted. */
export interface LogSelection {
  /** Milliseconds since 1970, inclusive. */
  readonly since: number;
  /** Only lines that contain it. */
  readonly containing?: string | undefined;
}

/** Yields the lines of several functions, oldest first. Rejects as {@link toBusErrorOfAws} says. */
export async function* readLogs(
  client: CloudWatchLogsClient,
  logs: readonly FunctionLog[],
  selection: LogSelection,
  signal: AbortSignal,
): AsyncGenerator<LogLine, void, void> {
  const readers = logs.map((log) => linesOf(client, log, selection, signal));
  const heads = await Promise.all(readers.map((reader) => reader.next()));
  try {
    for (;;) {
      let first: number | undefined;
      for (const [index, { done, value }] of heads.entries()) {
        const best = first === undefined ? undefined : heads[first]?.value;
        if (done !== true && (best === undefined || (value && value.time < best.time))) first = index;
      }
      const line = first === undefined ? undefined : heads[first]?.value;
      const reader = first === undefined ? undefined : readers[first];
      if (first === undefined || line === undefined || reader === undefined) return;
      yield line;
      heads[first] = await reader.next();
    }
  } finally {
    for (const reader of readers) await reader.return();
  }
}

async function* linesOf(
  client: CloudWatchLogsClient,
  { function: name, logGroup }: FunctionLog,
  { containing, since }: LogSelection,
  abortSignal: AbortSignal,
): AsyncGenerator<LogLine, void, void> {
  const { FilterLogEventsCommand } = await import("./cloudwatch-logs.ts");
  const part = containing === undefined ? undefined : JSON.stringify(containing).slice(1, -1);
  // A phrase takes no quotes and no backslashes: such an id is looked for here.
  const filterPattern = part === undefined || /["\\]/.test(part) ? undefined : `"${part}"`;
  let nextToken: string | undefined;
  do {
    try {
      const page = await client.send(
        new FilterLogEventsCommand({
          logGroupName: logGroup,
          startTime: since,
          ...(filterPattern === undefined ? {} : { filterPattern }),
          ...(nextToken === undefined ? {} : { nextToken }),
        }),
        { abortSignal },
      );
      for (const { eventId = "", message = "", timestamp = 0 } of page.events ?? []) {
        if (part === undefined || message.includes(part)) {
          yield { time: timestamp, function: name, text: message.trimEnd(), id: `${logGroup} ${eventId}` };
        }
      }
      nextToken = page.nextToken;
    } catch (thrown) {
      // A function that has never run may have no group yet.
      if (isAwsError(thrown, "ResourceNotFoundException")) return;
      throw toBusErrorOfAws(thrown, `log group ${logGroup} (logs:FilterLogEvents)`);
    }
  } while (nextToken !== undefined);
}
