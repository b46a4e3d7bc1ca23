import type { Command } from "commander";
import { explainDelivery } from "../../explain/explain-delivery.ts";
import { createCommand, type GlobalOptions } from "../command.ts";
import type { CliIo } from "../io.ts";
import { withBus } from "../open-bus.ts";
import { renderExplanation } from "../output/explanation.ts";
import { writeJson } from "../output/json.ts";

/** `waggle explain` */
export function explainCommand(io: CliIo): Command {
  return createCommand(io, "explain", {
    summary: "tell why an event was or was not delivered to a subscription",
    description:
      "Tells what became of an event in a subscription: handled, dropped, dead or on its way, with attempts and failures; or " +
      "which part of the subscription's pattern excluded it, what the event has there, and the smallest change with which it " +
      "would match.",
    examples: [
      ["explain 0190a5d2-3c4e-7a1b-8c2d-3e4f5a6b7c8d readers", "why did readers (not) get this event?"],
      ["explain 0190a5d2-3c4e-7a1b-8c2d-3e4f5a6b7c8d readers --json | jq -r .reason", "for a script"],
    ],
    exits: { ok: "explained", failed: "the event or the subscription does not exist" },
  })
    .argument("<event>", "id of the event")
    .argument("<subscription>", "name of the subscription")
    .action((event: string, subscription: string, _, self: Command) =>
      withBus(io, self, {}, async (bus) => {
        const explanation = await explainDelivery(bus, { event, subscription });
        if (self.optsWithGlobals<GlobalOptions>().json === true) writeJson(io.stdout, explanation);
        else io.stdout.write(renderExplanation(io, explanation));
      }),
    );
}
