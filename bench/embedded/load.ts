import { connect, type Draft } from "wagglebus";

/** A draft of about 600 bytes, stored. `flow` groups events. */
export function draft(number: number, flow?: string): Draft<"task.completed", { taskId: string; result: string }> {
  return {
    type: "task.completed",
    data: { taskId: `task-${number}`, result: "r".repeat(320) },
    metadata: { agentId: `agent-${number % 50}`, ...(flow === undefined ? {} : { correlationId: flow }) },
  };
}

export function open(file: string) {
  return connect({ engine: "embedded", file, source: "bench", logLevel: "silent" });
}

/** Calls `act` with 0, 1, 2, ... up to `count`, so many at a time, each caller one after the other. */
export async function inParallel(
  callers: number,
  count: number,
  act: (number: number) => Promise<unknown>,
): Promise<void> {
  let next = 0;
  await Promise.all(
    Array.from({ length: callers }, async () => {
      while (next < count) await act(next++);
    }),
  );
}

/** The value below which a share of the values lies. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}
