import type { CliIo } from "./io.ts";

/** The most that a bus gives at once. */
const pageSize = 1_000;

/** Pages until as many are read as are wanted, there are no more, or the reader has gone. */
export async function* pages<Page extends { cursor?: string }>(
  io: CliIo,
  read: (page: { limit: number; cursor?: string }) => Promise<Page>,
  options: { limit: number; cursor?: string },
): AsyncGenerator<Page, void, void> {
  let { cursor } = options;
  for (let left = options.limit; left > 0; left -= pageSize) {
    io.signal.throwIfAborted();
    const page = await read({ limit: Math.min(left, pageSize), ...(cursor === undefined ? {} : { cursor }) });
    yield page;
    await io.stdout.drained();
    cursor = page.cursor;
    if (cursor === undefined) return;
  }
}
