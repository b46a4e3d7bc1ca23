import { dirname, join } from "node:path";
import type { OpenedBus } from "../../connect/index.ts";
import { BusError } from "../../error/bus-error.ts";
import type { CliIo } from "../io.ts";
import type { AnyEvents, BusOptions } from "../open-bus.ts";
import { tokenFileOf } from "../options/token-file.ts";
import type { Report } from "./report.ts";
import type { Served } from "./run-session.ts";

/**
 * Serves the bus of a run on loopback. Without a port it is 4600, and the run goes on where that cannot be had, or where the
 * server's packages are not installed; with one it fails there.
 */
export function serveSession(
  io: Pick<CliIo, "cwd">,
  bus: BusOptions,
  port: number | undefined,
): (served: OpenedBus<AnyEvents>, report: Pick<Report, "note">) => Promise<Served> {
  return async (served, report) => {
    const { startServer, defaultPort } = await import("../../server/index.ts");
    try {
      const server = await startServer(served, {
        port: port ?? defaultPort,
        tokenFile: tokenFileOf(io, bus, undefined),
        ...(bus.file === undefined ? {} : { peerFolder: join(dirname(bus.file), "servers") }),
      });
      report.note("info", `serving the bus on ${server.url}`);
      return server;
    } catch (thrown) {
      if (port !== undefined || !(thrown instanceof BusError) || thrown.code !== "invalid_config") throw thrown;
      report.note("warning", `the bus is not served over HTTP: ${thrown.message}; or leave it out with --no-serve`);
      return { close: async () => {} };
    }
  };
}
