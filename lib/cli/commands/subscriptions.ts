import type { Command } from "commander";
import type { Bus } from "../../bus/bus.ts";
import { noSubscriptionAmong } from "../../engine/errors.ts";
import type { SubscriptionState } from "../../engine/subscription-store.ts";
import { addDefaultCommand, createCommand, type GlobalOptions } from "../command.ts";
import type { CliIo } from "../io.ts";
import { type AnyEvents, withBus } from "../open-bus.ts";
import { confirm, yesOption } from "../options/confirm.ts";
import { writeJson } from "../output/json.ts";
import { renderSubscription, renderSubscriptions } from "../output/subscriptions.ts";
import { plural } from "../output/text.ts";

/** `waggle subscriptions` */
export function subscriptionsCommand(io: CliIo): Command {
  const group = createCommand(io, "subscriptions", {
    summary: "list, show or delete subscriptions",
    description: "Lists the stored subscriptions with their backlog, or shows or deletes one.",
    examples: [
      ["subscriptions", "all subscriptions with their backlog"],
      ["subscriptions show readers", "one subscription with its settings"],
      ["subscriptions delete readers --yes", "delete a subscription and its undelivered events"],
    ],
  });
  addDefaultCommand(group, listCommand(io));
  return group.addCommand(showCommand(io)).addCommand(deleteCommand(io));
}

function listCommand(io: CliIo): Command {
  return createCommand(io, "list", {
    summary: "all subscriptions with their backlog",
    examples: [["subscriptions list --json", "for another program"]],
    exits: { ok: "listed, even if there are none", failed: "the bus cannot be read" },
  }).action((_, self: Command) =>
    withBus(io, self, {}, async (bus) => {
      const states = await bus.subscriptions.list();
      if (self.optsWithGlobals<GlobalOptions>().json === true) for (const state of states) writeJson(io.stdout, state);
      else if (states.length > 0) io.stdout.write(renderSubscriptions(io, states));
      else io.stderr.write(io.stderr.colors.dim("there are no subscriptions\n"));
    }),
  );
}

function showCommand(io: CliIo): Command {
  return createCommand(io, "show", {
    summary: "one subscription with its settings",
    examples: [["subscriptions show readers", "its settings and backlog"]],
    exits: { ok: "shown", failed: "the subscription does not exist" },
  })
    .argument("<name>", "name of the subscription")
    .action((name: string, _, self: Command) =>
      withBus(io, self, {}, async (bus) => {
        const state = await getSubscription(bus, name);
        if (self.optsWithGlobals<GlobalOptions>().json === true) writeJson(io.stdout, state);
        else io.stdout.write(renderSubscription(io, state));
      }),
    );
}

function deleteCommand(io: CliIo): Command {
  return createCommand(io, "delete", {
    summary: "delete a subscription and its undelivered events",
    description:
      "Deletes a subscription with its undelivered events; its dead letters stay. Asks for confirmation if there is a backlog.",
    examples: [["subscriptions delete readers --yes", "without confirmation"]],
    exits: { ok: "deleted", failed: "the subscription does not exist, or you did not confirm" },
  })
    .argument("<name>", "name of the subscription")
    .addOption(yesOption())
    .action((name: string, _, self: Command) =>
      withBus(io, self, {}, async (bus) => {
        const options = self.optsWithGlobals<GlobalOptions & { yes?: boolean }>();
        const { waiting, delayed, running } = await getSubscription(bus, name);
        const undelivered = waiting + delayed + running;
        const question = `Delete ${name} and ${plural(undelivered, "undelivered event")}?`;
        if (undelivered > 0 && !(await confirm(io, self, question, options.yes))) return;
        const deleted = await bus.subscriptions.delete(name);
        if (options.json === true) writeJson(io.stdout, { name, deleted, undelivered });
        else io.stdout.write(`deleted ${name}, ${plural(undelivered, "undelivered event")}\n`);
      }),
    );
}

/** Returns the subscription, or rejects with `not_found` and the nearest name. */
async function getSubscription(bus: Bus<AnyEvents>, name: string): Promise<SubscriptionState> {
  const state = await bus.subscriptions.get(name);
  if (state !== undefined) return state;
  throw noSubscriptionAmong(
    (await bus.subscriptions.list()).map(({ record }) => record.name),
    name,
  );
}
