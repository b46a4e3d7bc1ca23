import { execFileSync } from "node:child_process";
import { appendFile, mkdtemp, rm, rmdir, statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { BusError, connect } from "../../lib/index.ts";
import { postgresEngine } from "../../lib/postgres-entry.ts";
import { eventually } from "../support/eventually.ts";
import { PostgresServer } from "./support/server.ts";

/** A disk of 200 MB, in memory: only root of a Linux may have one. */
const canMount = process.platform === "linux" && process.getuid?.() === 0;
const type = "custom.large";

async function smallDisk(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "wagglebus-disk-"));
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=200m", "tmpfs", path]);
  onTestFinished(async () => {
    execFileSync("umount", [path]);
    await rmdir(path);
  });
  return path;
}

/** Fills the disk but for so many bytes. */
async function fill(disk: string, left: number): Promise<string> {
  const filler = join(disk, "filler");
  for (;;) {
    const { bavail, bsize } = await statfs(disk);
    const room = bavail * bsize - left;
    if (room < bsize) return filler;
    await appendFile(filler, Buffer.alloc(Math.min(room, 1_000_000)));
  }
}

test.skipIf(!canMount)(
  "a server whose disk is full refuses what can be published again later, and nothing that it accepted is lost",
  async () => {
    const disk = await smallDisk();
    const server = await PostgresServer.start(["max_wal_size=64MB", "min_wal_size=32MB"], disk);
    onTestFinished(() => server.stop());
    const errors: BusError[] = [];
    const bus = await connect({
      engine: postgresEngine({ url: server.url }),
      source: "test",
      onError: (error) => errors.push(error),
    });
    onTestFinished(() => bus.close());
    const handled: string[] = [];
    await bus.subscribe({ name: "large", on: type, backoff: { from: 1, to: 2 } }, ({ id }) => handled.push(id));
    const accepted: string[] = [];
    // What does not compress, so that it takes its room.
    const publish = async () => {
      const text = Array.from({ length: 4_000 }, () => Math.random().toString(36).slice(2)).join("");
      const { id } = await bus.publish({ type, data: { text } });
      accepted.push(id);
    };
    await publish();
    const filler = await fill(disk, 1_000_000);
    let refused: unknown;
    while (refused === undefined && accepted.length < 2_000) {
      await publish().catch((error: unknown) => {
        refused = error;
      });
    }
    expect(refused).toBeInstanceOf(BusError);
    expect(refused).toMatchObject({ code: "unavailable", retryable: true });

    await rm(filler);
    await eventually(
      "it takes events again",
      () =>
        publish().then(
          () => true,
          () => false,
        ),
      30_000,
    );
    await eventually("all that it accepted are handled", () => accepted.every((id) => handled.includes(id)), 30_000);
    for (const id of accepted) expect(await bus.history.get(id)).toMatchObject({ id });
    expect(new Set(handled).size).toBe(handled.length);
    expect(errors.every(({ code }) => code === "unavailable")).toBe(true);
  },
);
