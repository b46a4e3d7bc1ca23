import type { Command } from "commander";
import {
  type Alert,
  AlertMonitor,
  activeOf,
  alertType,
  checkAlerts,
  type PublishedAlert,
  publishedAlert,
} from "../../alerts/index.ts";
import type { Event } from "../../event/event.ts";
import { addDefaultCommand, createCommand, type GlobalOptions } from "../command.ts";
import type { CliIo } from "../io.ts";
import { type BusOptions, withBus } from "../open-bus.ts";
import { pointInTime } from "../options/values.ts";
import { writeJson } from "../output/json.ts";
import { type Column, renderTable } from "../output/table.ts";
import { printable } from "../output/text.ts";

type Options = GlobalOptions & { since?: string };

const pageSize = 500;

/** `waggle alerts` */
export function alertsCommand(io: CliIo): Command {
  const group = createCommand(io, "alerts", {
    summary: "list active alerts, or try rules on history",
    examples: [
      ["alerts", "what is raised and not cleared"],
      ["alerts test --since 7d", "how often the rules of waggle.config.ts would have raised"],
    ],
  });
  const list = createCommand(io, "list", {
    summary: "list what is raised and not cleared",
    exits: { ok: "listed, even if there is none", failed: "history cannot be read" },
  })
    .option("--since <time>", "raised at or after: a time, a day, or how long ago (default: all)", pointInTime(io))
    .action((_, self: Command) => {
      const { json, since } = self.optsWithGlobals<Options>();
      return withBus(io, self, {}, async ({ history }) => {
        show(io, await activeOf(alertsOf(history, since)), json === true, "no alert is active");
      });
    });
  const test = createCommand(io, "test", {
    summary: "tell what the rules of the configuration would have raised",
    description:
      "Runs the rules of waggle.config.ts over recorded events and tells what they would have raised. Nothing is published. " +
      "Backlogs and dead letters are not in history, and are left out.",
    exits: {
      ok: "tried, even if nothing would have been raised",
      failed: "the rules are wrong, or history cannot be read",
    },
  })
    .option("--since <time>", "accepted at or after: a time, a day, or how long ago (default: all)", pointInTime(io))
    .action((_, self: Command) => {
      const { json, since } = self.optsWithGlobals<Options>();
      return withBus(io, self, {}, async ({ history }, options: BusOptions) => {
        const monitor = new AlertMonitor(checkAlerts(options.alerts ?? { rules: [] }).rules);
        const raised: Alert[] = [];
        for await (const event of eventsOf(history, {}, since)) {
          if (event.type === alertType) continue;
          raised.push(...monitor.observe(event).filter(({ state }) => state === "raised"));
        }
        show(io, raised, json === true, "nothing would have been raised");
        if (monitor.leftOut > 0) io.stderr.write(`${monitor.leftOut} more were left out by \`most\` of their rule\n`);
      });
    });
  addDefaultCommand(group, list);
  return group.addCommand(test);
}

async function* alertsOf(
  history: Parameters<typeof eventsOf>[0],
  since: string | undefined,
): AsyncGenerator<PublishedAlert> {
  for await (const event of eventsOf(history, { type: alertType }, since)) {
    const alert = publishedAlert(event);
    if (alert !== undefined) yield alert;
  }
}

async function* eventsOf(
  history: { query(query: object): Promise<{ events: Event[]; cursor?: string }> },
  query: object,
  since: string | undefined,
): AsyncGenerator<Event> {
  let cursor: string | undefined;
  do {
    const page = await history.query({
      ...query,
      order: "oldest",
      limit: pageSize,
      ...(since === undefined ? {} : { since }),
      ...(cursor === undefined ? {} : { cursor }),
    });
    yield* page.events;
    cursor = page.cursor;
  } while (cursor !== undefined);
}

function show(io: CliIo, alerts: readonly Alert[], json: boolean, none: string): void {
  if (json) {
    for (const { atMs, ...alert } of alerts) writeJson(io.stdout, { ...alert, at: new Date(atMs).toISOString() });
    return;
  }
  if (alerts.length === 0) {
    io.stderr.write(io.stderr.colors.dim(`${none}\n`));
    return;
  }
  const columns: Column<Alert>[] = [
    { title: "SINCE", text: ({ atMs }) => new Date(atMs).toISOString(), style: io.stdout.colors.dim },
    { title: "ALERT", text: ({ alert }) => printable(alert), style: io.stdout.colors.bold },
    { title: "SEVERITY", text: ({ severity = "warning" }) => severity },
    { title: "VALUE", text: ({ value }) => String(value), align: "right" },
    { title: "LIMIT", text: ({ threshold }) => String(threshold), align: "right" },
    { title: "SUBJECT", text: ({ subject }) => printable(subject), flexible: true },
  ];
  io.stdout.write(renderTable(io.stdout, columns, alerts));
}
