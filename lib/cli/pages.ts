import type { CliIo } from "./io.ts";

/** The maximum page size of the bus. */
const pageSize = 1_000;

/** Yields pages until the limit is reached, there are no more, or the command is interrupted. */
export async function* pages<Page extends { cursor?: string }>(
  io: CliIo,
  read: (page: { limit: number; cursor?: string }) => Promise<Page>,
  options: { limit: number; cursor?: string },
): AsyncGenerator<Page, void, void> {
  let { cursor } = options;
  for (let remaining = options.limit; remaining > 0; remaining -= pageSize) {
    io.signal.throwIfAborted();
    const page = await read({ limit: Math.min(remaining, pageSize), ...(cursor === undefined ? {} : { cursor }) });
    yield page;
    await io.stdout.drained();
    cursor = page.cursor;
    if (cursor === undefined) return;
  }
}
