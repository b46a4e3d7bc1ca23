import * as z from "zod";
import type { Bus } from "../bus/bus.ts";
import { engineOf } from "../bus/engine-of.ts";
import type { Engine } from "../engine/engine.ts";
import { BusError } from "../error/bus-error.ts";
import { mustBe } from "../error/must-be.ts";
import { lazy } from "../event/lazy.ts";
import { parseCallOptions } from "../runtime/call-options.ts";
import type { MigrateOptions, MigrationProgress, MigrationReport } from "./migration.ts";

const fn = z.custom<(progress: MigrationProgress) => void>(
  (value) => typeof value === "function",
  "must be a function",
);
const schema = lazy(() =>
  z.object({
    dryRun: z.boolean().exactOptional(),
    partial: z.boolean().exactOptional(),
    onProgress: fn.exactOptional(),
    signal: z.instanceof(AbortSignal).exactOptional(),
  }),
);

/**
 * Moves what a bus holds to another one: history, dead letters, named subscriptions, and what these have not delivered yet, with
 * the attempts made so far. Then both are read again and compared. Nothing may use either store meanwhile, and the target
 * must not have events of its own: `conflict`. After an interruption, a crash too, the same call goes on; once all is moved, it
 * changes nothing. The source stays as it is. Rejects with `invalid_config` where an engine cannot move what it holds.
 */
export async function migrate<From, To>(
  from: Bus<From>,
  to: Bus<To>,
  options: MigrateOptions = {},
): Promise<MigrationReport> {
  const parsed = parseCallOptions("migrate", schema(), options);
  const [source, target] = [openEngine("from", from), openEngine("to", to)];
  // Few programs migrate, and each that connects would load what it takes.
  const { Migration } = await import("./migration.ts");
  return new Migration(source, target, parsed).run();
}

function openEngine(argument: string, bus: unknown): Engine {
  const engine = engineOf(bus);
  if (engine !== undefined) return engine;
  throw new BusError("invalid_config", `migrate: ${argument} ${mustBe("a bus", bus)}`);
}
