import type { Command } from "commander";
import type { Bus } from "../../bus/bus.ts";
import { changes } from "../changes.ts";
import { createCommand, type GlobalOptions } from "../command.ts";
import type { CliIo } from "../io.ts";
import { type AnyEvents, withBus } from "../open-bus.ts";
import { count } from "../options/values.ts";
import { writeJson } from "../output/json.ts";
import { Screen } from "../output/screen.ts";
import { RecentEvents } from "../top/recent-events.ts";
import { renderLine, renderScreen, snapshotOf } from "../top/render.ts";

type Options = GlobalOptions & { limit?: number };

/** The screen is drawn anew though nothing has changed: rates fall and ages grow. */
const tickMs = 1_000;

/** `waggle top` */
export function topCommand(io: CliIo): Command {
  return createCommand(io, "top", {
    summary: "show rates, backlogs and the newest events, live",
    description:
      "Shows the rate of each type, the backlog of each subscription and the newest events, until Ctrl-C, which gives the " +
      "terminal back as it was. Where the output is no terminal, it writes a line for each change, and at least one a second.",
    examples: [
      ["top", "on a terminal"],
      ["top --limit 1", "one line"],
      ["top --json", "for another program: one object per line"],
    ],
    exits: { ok: "stopped by Ctrl-C, by --limit or because the output was closed", failed: "the bus cannot be read" },
  })
    .option("-n, --limit <count>", "stop after so many updates", count())
    .action((_, self: Command) =>
      withBus(io, self, { waits: true }, (bus) => show(io, bus, self.optsWithGlobals<Options>())),
    );
}

async function show(io: CliIo, bus: Bus<AnyEvents>, { json, limit }: Options): Promise<void> {
  const recent = new RecentEvents(io.now());
  const stop = new AbortController();
  const failures: unknown[] = [];
  const following = follow(io, bus, recent, stop.signal).catch((thrown: unknown) => failures.push(thrown));
  const screen = json !== true && io.stdout.isTTY ? new Screen(io.stdout) : undefined;
  let left = limit ?? Number.POSITIVE_INFINITY;
  try {
    for await (const _ of changes(io, bus, tickMs)) {
      if (failures.length > 0) break;
      const [states, ended] = await Promise.all([bus.subscriptions.list(), bus.subscriptions.rates()]);
      const snapshot = snapshotOf(bus.engine.name, states, recent, io.now(), ended);
      if (screen !== undefined) screen.draw(renderScreen(io, snapshot, recent, ended));
      else if (json === true) writeJson(io.stdout, snapshot);
      else io.stdout.write(`${renderLine(snapshot)}\n`);
      await io.stdout.drained();
      left -= 1;
      if (left <= 0) break;
    }
  } finally {
    screen?.close();
    stop.abort();
    await following;
  }
  if (failures.length > 0) throw failures[0];
}

/** Collects events until the signal. */
async function follow(io: CliIo, bus: Bus<AnyEvents>, recent: RecentEvents, signal: AbortSignal): Promise<void> {
  for await (const event of bus.history.tail({}, { signal })) recent.add(event, io.now());
}
