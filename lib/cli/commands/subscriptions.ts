import type { Command } from "commander";
import type { Bus } from "../../bus/bus.ts";
import { noSubscriptionAmong } from "../../engine/errors.ts";
import type { SubscriptionState } from "../../engine/subscription-store.ts";
import type { Rates } from "../../history/rates.ts";
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
    summary: "list, show, pause, resume or delete subscriptions",
    description: "Lists the stored subscriptions with their backlog, or shows, pauses, resumes or deletes one.",
    examples: [
      ["subscriptions", "all subscriptions with their backlog"],
      ["subscriptions show readers", "one subscription with its settings"],
      ["subscriptions pause readers", "begin nothing more of it, in any process"],
      ["subscriptions resume readers", "go on with what it has collected"],
      ["subscriptions delete readers --yes", "delete a subscription and its undelivered events"],
    ],
  });
  addDefaultCommand(group, listCommand(io));
  return group
    .addCommand(showCommand(io))
    .addCommand(switchCommand(io, "pause"))
    .addCommand(switchCommand(io, "resume"))
    .addCommand(deleteCommand(io));
}

function listCommand(io: CliIo): Command {
  return createCommand(io, "list", {
    summary: "all subscriptions with their backlog",
    examples: [["subscriptions list --json", "for another program"]],
    exits: { ok: "listed, even if there are none", failed: "the bus cannot be read" },
  }).action((_, self: Command) =>
    withBus(io, self, {}, async (bus) => {
      const [states, rates] = await Promise.all([bus.subscriptions.list(), bus.subscriptions.rates()]);
      if (self.optsWithGlobals<GlobalOptions>().json === true) {
        for (const state of states) writeJson(io.stdout, withRates(state, rates));
      } else if (states.length > 0) {
        io.stdout.write(renderSubscriptions(io, states, rates));
        if (rates === undefined) io.stderr.write(io.stderr.colors.dim(`${noRates(bus.engine.name)}\n`));
      } else io.stderr.write(io.stderr.colors.dim("there are no subscriptions\n"));
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
        const rates = await bus.subscriptions.rates();
        if (self.optsWithGlobals<GlobalOptions>().json === true) writeJson(io.stdout, withRates(state, rates));
        else io.stdout.write(renderSubscription(io, state, rates));
      }),
    );
}

/** `pause` and `resume`. */
function switchCommand(io: CliIo, call: "pause" | "resume"): Command {
  const isPause = call === "pause";
  return createCommand(io, call, {
    summary: isPause ? "pause a subscription for all processes" : "have a paused subscription go on",
    description: isPause
      ? "Pauses a subscription for all processes, until it is resumed. It goes on collecting; what runs goes on, and nothing else begins."
      : "Has a subscription go on that was paused for all processes, with what it has collected.",
    examples: [[`subscriptions ${call} readers`, isPause ? "while its service is maintained" : "once that is done"]],
    exits: {
      ok: `${call}d, or it was so already`,
      failed: "the subscription does not exist, or the engine cannot pause it",
    },
  })
    .argument("<name>", "name of the subscription")
    .action((name: string, _, self: Command) =>
      withBus(io, self, {}, async (bus) => {
        await getSubscription(bus, name);
        const changed = await bus.subscriptions[call](name);
        const { delayed, waiting } = await getSubscription(bus, name);
        if (self.optsWithGlobals<GlobalOptions>().json === true) {
          writeJson(io.stdout, { name, paused: isPause, changed, waiting, delayed });
        } else {
          const done = changed ? `${call}d ${name}` : `${name} was ${isPause ? "paused already" : "not paused"}`;
          io.stdout.write(`${done}, ${plural(waiting + delayed, "delivery", "deliveries")} to come\n`);
        }
      }),
    );
}

/** Says that rates are not known, which is not the same as 0. */
function noRates(engine: string): string {
  return `the ${engine} engine does not record how deliveries end: no rates and durations`;
}

function withRates(state: SubscriptionState, rates: Rates | undefined) {
  const own = rates?.subscriptions.get(state.record.name);
  return own === undefined ? state : { ...state, rates: { overMs: rates?.overMs, ...own } };
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
