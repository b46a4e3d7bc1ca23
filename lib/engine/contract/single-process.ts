import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Bus } from "../../bus/bus.ts";
import { openBus } from "../../connect/connect.ts";
import type { Engine, EngineContext } from "../engine.ts";
import type { BusOptions, ContractAdapter, Declaration } from "./adapter.ts";
import { memoryRecorder } from "./recorder.ts";

/**
 * An engine whose buses are all of the process of the tests. It is opened on a temporary folder, where a durable one keeps
 * what it has: an engine with "multi-process" on the same one each time, any other on a new one, but for a bus that is
 * opened after it was closed. The folder is removed at the end.
 */
export type SingleProcess = Declaration &
  (
    | {
        /** Opens the engine: an {@link EngineFactory}, or one that keeps what it has in the folder. */
        readonly engine: (context: EngineContext, folder: string) => Engine | Promise<Engine>;
        /** Excluded by `engine`. */
        readonly connect?: never;
      }
    | {
        /** Opens a bus on the engine, where `connect({ engine: factory })` is not the way. */
        readonly connect: (options: BusOptions, folder: string) => Promise<Bus>;
        /** Excluded by `connect`. */
        readonly engine?: never;
      }
  );

/** The adapter of an engine of one process: no workers, and what handlers report is kept in memory. */
export function singleProcessAdapter({ engine, connect, ...declaration }: SingleProcess): ContractAdapter {
  const open =
    connect ??
    ((options: BusOptions, folder: string) => openBus({ ...options, engine: (context) => engine(context, folder) }));
  const shared = declaration.lacks?.includes("multi-process") !== true;
  return {
    ...declaration,
    prepare: async () => {
      const root = await mkdtemp(join(tmpdir(), "wagglebus-contract-"));
      const folders = new WeakMap<Bus, string>();
      return {
        recorder: memoryRecorder(),
        connect: async (options, after) => {
          const left = after === undefined ? undefined : folders.get(after);
          const folder = left ?? (shared ? root : await mkdtemp(join(root, "bus-")));
          const bus = await open(options, folder);
          folders.set(bus, folder);
          return bus;
        },
        close: () => rm(root, { recursive: true, force: true }),
      };
    },
  };
}
