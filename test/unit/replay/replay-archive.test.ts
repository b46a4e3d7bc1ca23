import { expect, test } from "vitest";
import type { ArchiveReplayControl, ArchiveSpan, EventArchive } from "../../../lib/engine/archive.ts";
import { BusError } from "../../../lib/error/bus-error.ts";
import { type ArchiveReplayOptions, type ArchiveSelection, replayArchive } from "../../../lib/replay/replay-archive.ts";
import { ManualClock } from "../../../lib/testing/manual-clock.ts";
import { aRecord } from "../../support/a-record.ts";
import { FakeEngine } from "../../support/fake-engine.ts";

class FakeArchive implements EventArchive {
  readonly asked: { span: ArchiveSpan; to: readonly string[]; control: ArchiveReplayControl }[] = [];
  error: unknown;

  async replay(span: ArchiveSpan, to: readonly string[], control: ArchiveReplayControl): Promise<string> {
    if (this.error !== undefined) throw this.error;
    this.asked.push({ span, to, control });
    control.onProgress?.({ id: "archive-1" });
    return "archive-1";
  }
}

async function archived() {
  const clock = new ManualClock();
  const archive = new FakeArchive();
  const engine = new FakeEngine({ clock, archive });
  await engine.subscriptions.put(aRecord({ name: "readers" }), { ephemeral: false });
  await engine.subscriptions.put(aRecord({ name: "unnamed-1" }), { ephemeral: true });
  const run = (selection: ArchiveSelection, options: ArchiveReplayOptions = { to: "*" }) =>
    replayArchive(engine, clock, selection, options);
  return { archive, clock, engine, run };
}

const since = "2025-12-01T00:00:00Z";

test("it is asked for a time, for deployed subscriptions, and told what came of it", async () => {
  const { archive, run } = await archived();
  const until = new Date("2025-12-02T00:00:00Z");
  expect(await run({ since, until })).toEqual({
    id: "archive-1",
    to: ["readers"],
    since: "2025-12-01T00:00:00.000Z",
    until: "2025-12-02T00:00:00.000Z",
  });
  expect(archive.asked).toMatchObject([
    { span: { since: Date.parse(since), until: until.getTime() }, to: ["readers"] },
  ]);
});

test("its end is now where none is given, and never later", async () => {
  const { archive, clock, run } = await archived();
  await run({ since });
  await run({ since, until: "2030-01-01T00:00:00Z" });
  expect(archive.asked.map(({ span }) => span.until)).toEqual([clock.now(), clock.now()]);
});

test("signal and progress are the caller's own", async () => {
  const { archive, run } = await archived();
  const { signal } = new AbortController();
  const progress: unknown[] = [];
  await run({ since }, { to: "readers", signal, onProgress: (one) => progress.push(one) });
  expect(archive.asked[0]?.control.signal).toBe(signal);
  expect(progress).toEqual([{ id: "archive-1" }]);
});

test.each<[string, object, string]>([
  ["no beginning", {}, "since"],
  ["a time that is to come", { since: "2030-01-01T00:00:00Z" }, "2030"],
  ["an end before its beginning", { since, until: "2025-11-01T00:00:00Z" }, "2025-11"],
  ["more than times", { since, type: "task.created" }, "type"],
  ["what is not a time", { since: "yesterday" }, "yesterday"],
])("%s is refused, and nothing begins", async (_, selection, named) => {
  const { archive, run } = await archived();
  await expect(run({ since: "", ...selection })).rejects.toMatchObject({
    code: "invalid_config",
    message: expect.stringContaining(named),
  });
  expect(archive.asked).toEqual([]);
});

test("an unnamed subscription has no rule to replay to; without any other there is nothing to do", async () => {
  const { archive, engine, run } = await archived();
  await expect(run({ since }, { to: "unnamed-1" })).rejects.toMatchObject({ code: "not_found" });
  await engine.subscriptions.delete("readers");
  await expect(run({ since })).rejects.toMatchObject({ code: "not_found" });
  expect(archive.asked).toEqual([]);
});

test("an engine without an archive says what there is", async () => {
  const run = replayArchive(new FakeEngine(), new ManualClock(), { since }, { to: "*" });
  await expect(run).rejects.toMatchObject({ code: "invalid_config", message: expect.stringMatching(/fake.*`replay`/) });
});

test("what the archive or the engine answers is the caller's", async () => {
  const { archive, engine, run } = await archived();
  archive.error = new BusError("throttled", "ten replays run");
  await expect(run({ since })).rejects.toBe(archive.error);
  const down = new BusError("unavailable", "the store is down");
  engine.fail("subscriptions.list", down);
  await expect(run({ since })).rejects.toBe(down);
});
