import { existsSync } from "node:fs";
import { type Command, Option } from "commander";
import type { Bus } from "../../bus/bus.ts";
import type { MigrateOptions, MigrationReport } from "../../migrate/migration.ts";
import { createCommand, type GlobalOptions } from "../command.ts";
import type { CliIo } from "../io.ts";
import {
  type AnyEvents,
  type BusOptions,
  type BusSelection,
  nothingRecorded,
  resolveBusOptions,
  terminalLogger,
} from "../open-bus.ts";
import { writeJson } from "../output/json.ts";
import { Progress } from "../output/progress.ts";
import { type Column, renderTable } from "../output/table.ts";
import { plural } from "../output/text.ts";

type Side = "from" | "to";
type Options = GlobalOptions & {
  [Name in Side | `${Side}${"File" | "Url" | "Bus" | "Config"}`]?: string;
} & { dryRun?: boolean; partial?: boolean };

/** So long that opening a store for a migration forgets nothing of it. */
const retention = "36500d";

/** `waggle migrate` */
export function migrateCommand(io: CliIo): Command {
  const command = createCommand(io, "migrate", {
    summary: "move all that a bus holds to another engine",
    description: `Moves history, dead letters, subscriptions and what they have not delivered yet to another engine, with the attempts
made so far; then reads both again and compares counts and hashes. The source stays as it is.

Nothing may use either bus meanwhile, and the target must be empty. Interrupted, even by kill -9, the same command
goes on where it was. To move while the platform runs, see docs/local/moving.md.

To aws it refuses without --partial, since AWS cannot hold all as it stands: history is ordered there by the
millisecond of acceptance and then by id, and forgets by the age that the stack sets, so that it would not be what
the source holds; a queue delays a message for 15 minutes at most, counts no attempts made elsewhere, and cannot be
read through, so that nothing of it could be verified; who else uses the target cannot be known. With --partial it
moves dead letters as they are, what deployed subscriptions have not delivered yet as a replay that begins at once,
and no history.`,
    examples: [
      [
        "migrate --from embedded --to postgres --to-url postgres://owner@localhost/app --dry-run",
        "count what would be moved",
      ],
      ["migrate --from embedded --to postgres --to-url postgres://owner@localhost/app", "move it"],
      ["migrate --from postgres --from-url postgres://owner@localhost/app --to embedded --to-file back.db", "and back"],
    ],
    exits: { ok: "moved and verified, or counted", failed: "not moved, or only in part; the message says why" },
  });
  for (const [side, what] of [
    ["from", "source"],
    ["to", "target"],
  ] as const) {
    const fallback = side === "from" ? " (default: the selected bus)" : "";
    command
      .addOption(new Option(`--${side} <engine>`, `engine of the ${what}: embedded, postgres or aws${fallback}`))
      .addOption(new Option(`--${side}-file <path>`, `database of the ${what}, for embedded`))
      .addOption(new Option(`--${side}-url <url>`, `database of the ${what}, for postgres`))
      .addOption(new Option(`--${side}-bus <name>`, `deployed bus of the ${what}, for aws`))
      .addOption(new Option(`--${side}-config <path>`, `configuration file of the ${what}`));
  }
  return command
    .option("--dry-run", "only count what would be moved")
    .option("--partial", "move what the target can take, where it cannot take all")
    .action(async (_, self: Command) => run(io, self));
}

async function run(io: CliIo, self: Command): Promise<void> {
  const options = self.optsWithGlobals<Options>();
  if (options.to === undefined && options.toConfig === undefined) {
    self.error("error: the target is missing; give --to or --to-config");
  }
  const source = await resolveBusOptions(io, self, {
    selection: { ...globalSelection(options), ...selection(options, "from") },
  });
  const target = await resolveBusOptions(io, self, { selection: selection(options, "to") });
  if (source.file !== undefined && !existsSync(source.file)) throw nothingRecorded(io, source.file);
  let progress = new Progress(io, undefined);
  let current: string | undefined;
  const report = await withBuses(io, [source, target], async (from, to) => {
    const { migrate } = await import("../../migrate/migrate.ts");
    const settings: MigrateOptions = {
      dryRun: options.dryRun === true,
      partial: options.partial === true,
      signal: io.signal,
      onProgress: ({ step, kind, done, total }) => {
        if (step !== current) {
          // Each step has its own pace.
          progress.clear();
          progress = new Progress(io, undefined);
          current = step;
        }
        progress.count(`${step}: ${kind}`, done, total);
      },
    };
    try {
      return await migrate(from, to, settings);
    } finally {
      progress.clear();
    }
  });
  if (options.json === true) writeJson(io.stdout, report);
  else io.stdout.write(text(io, report));
}

function globalSelection({ engine, file, bus, url, config }: Options): BusSelection {
  return defined({ engine, file, bus, url, config });
}

function selection(options: Options, side: Side): BusSelection {
  return defined({
    engine: options[side],
    file: options[`${side}File`],
    url: options[`${side}Url`],
    bus: options[`${side}Bus`],
    config: options[`${side}Config`],
  });
}

function defined(fields: { [Name in keyof BusSelection]: string | undefined }): BusSelection {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

async function withBuses<Result>(
  io: CliIo,
  [source, target]: readonly [BusOptions, BusOptions],
  use: (from: Bus<AnyEvents>, to: Bus<AnyEvents>) => Promise<Result>,
): Promise<Result> {
  const { openBus } = await import("../../connect/index.ts");
  const open = (options: BusOptions) =>
    openBus<AnyEvents>({
      ...options,
      logger: terminalLogger(io),
      ...(options.engine === "embedded" || options.engine === "postgres" ? { retention } : {}),
    });
  const from = await open(source);
  try {
    const to = await open(target);
    try {
      return await use(from, to);
    } finally {
      await to.close();
    }
  } finally {
    await from.close();
  }
}

type Kind = keyof MigrationReport["source"];
const names: Readonly<Record<Kind, string>> = {
  events: "events of history",
  deadLetters: "dead letters",
  subscriptions: "subscriptions",
  deliveries: "deliveries not made yet",
};

function text(io: CliIo, report: MigrationReport): string {
  const { dim, green, yellow } = io.stdout.colors;
  const columns: Column<Kind>[] = [
    { title: "", text: (kind) => names[kind] },
    { title: "source", text: (kind) => report.source[kind].toLocaleString("en-US"), align: "right" },
  ];
  const isVerified = Object.keys(report.verified).length > 0;
  if (isVerified) {
    columns.push(
      { title: "target", text: (kind) => report.verified[kind]?.count.toLocaleString("en-US") ?? "-", align: "right" },
      { title: "hash of both", text: (kind) => report.verified[kind]?.hash.slice(0, 16) ?? "-", style: dim },
    );
  }
  const table = renderTable(io.stdout, columns, ["events", "deadLetters", "subscriptions", "deliveries"]);
  const lost = report.lost.length === 0 ? "" : `${yellow("not moved as it stands:")} ${report.lost.join(", ")}\n`;
  const total = plural(
    Object.values(report.source).reduce((sum, count) => sum + count, 0),
    "item",
  );
  const end =
    report.movedBefore !== undefined
      ? `all of it was moved at ${report.movedBefore}; nothing was changed`
      : report.dryRun
        ? `dry run: ${total} would be moved`
        : green(`moved and verified: ${total}`);
  return `${table}${lost}${end}\n`;
}
