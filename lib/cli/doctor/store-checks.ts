import { existsSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { loadAws, loadEmbedded } from "../../connect/load-engine.ts";
import type { CliIo } from "../io.ts";
import { type BusOptions, shortPath } from "../open-bus.ts";
import { formatBytes } from "../output/bytes.ts";
import { type Finding, failed, ok, warning } from "./finding.ts";
import { kafkaFindings } from "./kafka-checks.ts";
import { postgresFindings } from "./postgres-checks.ts";

/** Free bytes of a disk below which a busy bus may fill it within the day. */
const littleSpace = 2 ** 30;
/** Below this, SQLite may not be able to write back its log. */
const noSpace = 2 ** 26;

/** What is to be known of the store of an engine beside what the bus itself does with it. */
export async function storeFindings(
  io: CliIo,
  options: BusOptions,
  { integrity }: { readonly integrity: boolean },
): Promise<Finding[]> {
  const { engine, file, url } = options;
  if (engine === "embedded" && file !== undefined) return fileFindings(io, file, integrity);
  if (engine === "postgres" && url !== undefined) return postgresFindings(url);
  if (engine === "aws" && options.bus !== undefined) return awsFindings(options.bus);
  if (engine === "kafka" || typeof engine === "function") return kafkaFindings(options);
  return [];
}

async function fileFindings(io: CliIo, file: string, integrity: boolean): Promise<Finding[]> {
  const path = shortPath(io, file);
  if (!existsSync(file)) {
    const fix = "publish an event (waggle publish), or select another database with --file";
    return [warning("file", `${path} does not exist: nothing is recorded yet`, fix)];
  }
  const { checkFile } = await loadEmbedded();
  const { bytes, damage, logBytes, logLimit, supported, version } = checkFile(file, { integrity });
  const findings = [
    version === undefined || version === supported
      ? ok("file", `${path}: ${formatBytes(bytes)}, schema version ${supported}`)
      : warning(
          "file",
          `${path} is of schema version ${version}; this program writes ${supported}`,
          "it is migrated by the next process that opens it: upgrade the programs that use the file first",
        ),
  ];
  if (damage !== undefined) findings.push(integrityFinding(path, damage));
  findings.push(
    logBytes <= logLimit
      ? ok("log", `the write-ahead log has ${formatBytes(logBytes)}`)
      : warning(
          "log",
          `the write-ahead log has ${formatBytes(logBytes)}: another program has a read transaction open`,
          `find it by \`fuser ${path}\`, and end it`,
        ),
  );
  return [...findings, await spaceFinding(dirname(file))];
}

function integrityFinding(path: string, damage: readonly string[]): Finding {
  if (damage.length === 0) return ok("integrity", "SQLite finds no damage");
  const fix = "stop all programs on it, move it away, and restore a copy; sqlite3 .recover may save what is readable";
  return failed("integrity", `${path} is damaged: ${damage.join("; ")}`, fix);
}

async function spaceFinding(folder: string): Promise<Finding> {
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  const text = `${formatBytes(free)} are free on the disk`;
  const fix = "free space, or shorten `retention`: a publish fails on a full disk";
  if (free < noSpace) return failed("disk", text, fix);
  return free < littleSpace ? warning("disk", text, fix) : ok("disk", text);
}

/** The SDK is optional: where it is missing, loading the engine says what to install. */
async function awsFindings(bus: string): Promise<Finding[]> {
  await loadAws();
  const { checkAwsBus } = await import("../../engines/aws/operate/check-bus.ts");
  return checkAwsBus(bus);
}
