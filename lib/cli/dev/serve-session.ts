import { dirname, join } from "node:path";
import type { Bus } from "../../bus/bus.ts";
import type { OpenedBus } from "../../connect/index.ts";
import { BusError } from "../../error/bus-error.ts";
import type { CliIo } from "../io.ts";
import type { AnyEvents, BusOptions } from "../open-bus.ts";
import { tokenFileOf } from "../options/token-file.ts";
import type { Report } from "./report.ts";
import type { Served } from "./run-session.ts";

/** Where the bus of a run is served. */
export interface ServeSessionOptions {
  /** Default 4600. */
  readonly port?: number | undefined;
  /** Whether a free port will do where 4600 is taken. */
  readonly anyPort?: boolean;
}

/**
 * Serves the bus of a run, with its page, on loopback. Where no port was asked for, the run goes on where 4600 cannot be had, or the
 * server's packages are not installed; with one it fails there.
 */
export function serveSession<Events>(
  io: Pick<CliIo, "cwd">,
  bus: Pick<BusOptions, "file" | "alerts">,
  { port, anyPort = false }: ServeSessionOptions,
): (served: OpenedBus<Events>, report: Pick<Report, "note">) => Promise<Served> {
  return async (opened, report) => {
    const { startServer, defaultPort } = await import("../../server/index.ts");
    // A server knows types by the catalog, at run time; the caller's list of events only narrows what its own code may call.
    const served = { ...opened, bus: opened.bus as unknown as Bus<AnyEvents> };
    const start = (at: number) =>
      startServer(served, {
        port: at,
        tokenFile: tokenFileOf(io, bus, undefined),
        alerts: bus.alerts,
        ...(bus.file === undefined ? {} : { peerFolder: join(dirname(bus.file), "servers") }),
      });
    try {
      const server = await start(port ?? defaultPort).catch((thrown) => {
        if (anyPort && port === undefined && isRefused(thrown)) return start(0);
        throw thrown;
      });
      report.note("info", `serving the bus on ${server.url}; open it in a browser to see what happens`);
      return server;
    } catch (thrown) {
      if (port !== undefined || !isRefused(thrown)) throw thrown;
      report.note("warning", `the bus is not served over HTTP: ${thrown.message}; or leave it out with --no-serve`);
      return { close: async () => {} };
    }
  };
}

function isRefused(thrown: unknown): thrown is BusError {
  return thrown instanceof BusError && thrown.code === "invalid_config";
}
