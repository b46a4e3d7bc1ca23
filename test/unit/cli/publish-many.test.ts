import { Readable } from "node:stream";
import { expect, test, vi } from "vitest";
import { publishMany } from "../../../lib/cli/publish-many.ts";
import { PublishReport } from "../../../lib/cli/publish-report.ts";
import { BusError } from "../../../lib/error/bus-error.ts";
import { testIo, workspace } from "./test-io.ts";

test("an error that ends it all leaves no progress line in the way of its message", async () => {
  const { bus: withBus, cwd } = workspace();
  let now = 0;
  const lines = [1, 2].map((n) => `${JSON.stringify({ type: "custom.a", data: { n } })}\n`);
  const options = { tty: true, stdin: Readable.from(lines), now: () => (now += 1_000) };
  const { io, stderr } = testIo(cwd, options);
  await withBus(async (bus) => {
    const publishAll = bus.publishAll.bind(bus);
    vi.spyOn(bus, "publishAll")
      .mockImplementationOnce((drafts) => publishAll(drafts))
      .mockRejectedValueOnce(new BusError("closed", "the bus is closed"));
    const published = publishMany(io, bus, ["-"], { complete: (draft) => draft }, new PublishReport(io, false));
    await expect(published).rejects.toThrow("the bus is closed");
  });
  expect(stderr.text).toContain("events");
  expect(stderr.text.endsWith("\r\u001b[K")).toBe(true);
});
