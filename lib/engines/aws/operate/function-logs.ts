import { checkBusName } from "../../../aws-shared/index.ts";
import { clientSettings, createClients } from "../clients.ts";
import { findBus } from "../find-bus.ts";
import { missingPackage } from "../missing-package.ts";
import { findFunctionLogs } from "./log-groups.ts";
import { type LogLine, readLogs } from "./read-logs.ts";

export type { LogLine } from "./read-logs.ts";

/** Which logs of a deployed bus are read. */
export interface FunctionLogsOptions {
  readonly bus: string;
  /** Subscriptions, and functions of the bus itself; none: all. */
  readonly names: readonly string[];
  /** Milliseconds since 1970, inclusive. */
  readonly since: number;
  /** Only lines that contain this text. */
  readonly containing?: string | undefined;
  /** Goes on with what is logged later, until the signal is aborted. */
  readonly follow: boolean;
  readonly signal: AbortSignal;
  /** Resolves when it is time to look again, or when the signal is aborted. */
  readonly pause: () => Promise<void>;
}

/** Milliseconds for which a line may come after a later one: CloudWatch takes what a function writes in no order. */
const lateMs = 30_000;

/**
 * Yields what the functions of a bus have logged, oldest first; while it follows, in the order in which it is found.
 * `not_found` for a bus or a function that is not there, `invalid_config` without the client of CloudWatch Logs, `unavailable`
 * without the right to read.
 */
export async function* functionLogs(options: FunctionLogsOptions): AsyncGenerator<LogLine, void, void> {
  const { containing, follow, names, pause, signal } = options;
  const clients = createClients();
  try {
    const bus = checkBusName(options.bus);
    const client = await logsClient();
    try {
      await findBus(clients, bus);
      const logs = await findFunctionLogs(clients, bus, names);
      const seen = new Map<string, number>();
      let { since } = options;
      let latest = since;
      for (;;) {
        for await (const line of readLogs(client, logs, { since, containing }, signal)) {
          if (seen.has(line.id)) continue;
          if (follow) seen.set(line.id, line.time);
          latest = Math.max(latest, line.time);
          yield line;
        }
        if (!follow || signal.aborted) return;
        since = Math.max(since, latest - lateMs);
        for (const [id, time] of seen) if (time < since) seen.delete(id);
        await pause();
        if (signal.aborted) return;
      }
    } finally {
      client.destroy();
    }
  } finally {
    clients.destroy();
  }
}

async function logsClient() {
  try {
    const { CloudWatchLogsClient } = await import("./cloudwatch-logs.ts");
    return new CloudWatchLogsClient(clientSettings("logs"));
  } catch (thrown) {
    throw missingPackage(thrown) ?? thrown;
  }
}
