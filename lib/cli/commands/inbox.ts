import { addAbortSignal } from "node:stream";
import { text } from "node:stream/consumers";
import { type Command, InvalidArgumentError } from "commander";
import { messageOf } from "../../error/message-of.ts";
import { parseDuration } from "../../event/duration.ts";
import { inboxOf } from "../../mcp/inbox.ts";
import { localMcp } from "../../server/mcp/local.ts";
import { createCommand, type GlobalOptions } from "../command.ts";
import { type Hook, hookAnswer, messageText, parseHook } from "../inbox/hook.ts";
import { Inbox } from "../inbox/inbox.ts";
import { ShownMessages } from "../inbox/shown-messages.ts";
import type { CliIo } from "../io.ts";
import { withBus } from "../open-bus.ts";
import { count } from "../options/values.ts";
import { writeJson } from "../output/json.ts";
import { printableLines } from "../output/text.ts";

type Options = GlobalOptions & { agent: string; max: number; wait?: number | true; ack?: true; hook?: true };

/** Messages that are shown, where the command line does not say. */
const shownByDefault = 10;
const mostShown = 1_000;

/** Milliseconds of `--wait` without a duration, and at most: a day. */
const defaultWaitMs = 600_000;
const longestWaitMs = 86_400_000;

/** `waggle inbox` */
export function inboxCommand(io: CliIo): Command {
  return createCommand(io, "inbox", {
    summary: "show an agent the messages that are addressed to it, and acknowledge them",
    description:
      "Shows the events that are addressed to an agent: by `data.to` (its name, or a list that has it) or by the tag `to:<name>`. They wait durably, and " +
      "are shown again until they are acknowledged: by --ack, once the turn of the agent in which they were shown is over.",
    examples: [
      ["inbox --agent reviewer", "what waits"],
      ["inbox --agent reviewer --ack --wait 5m", "the last ones are done; wait for the next"],
      ["inbox --agent reviewer --hook", "as a hook of a coding agent, at the start and at the end of its turns"],
    ],
    exits: { ok: "shown, even if there are none", failed: "the bus cannot be opened" },
  })
    .requiredOption("--agent <name>", "the name by which others address the agent", agentName)
    .option("--ack", "acknowledge first what was shown before: it never comes again")
    .option("--wait [duration]", "wait for the first message (default: 10m)", waitTime)
    .option("--hook", "read the input of a hook from stdin, and answer in its form: the end of a turn acknowledges")
    .option("-n, --max <count>", "messages to show", count(1, mostShown), shownByDefault)
    .action(async (_, self: Command) => {
      const { agent, ack, hook, json, max, wait } = self.optsWithGlobals<Options>();
      const called = hook === true ? await readHook(io, self) : undefined;
      const waitMs = wait === undefined ? 0 : wait === true ? defaultWaitMs : wait;
      await withBus(io, self, { create: true, source: agent }, async (bus) => {
        const local = localMcp(bus, io.signal);
        const inbox = new Inbox(local.deliveries, new ShownMessages(io.cwd, agent), agent);
        try {
          if (ack === true || called?.endsTurn === true) await inbox.acknowledge(io.signal);
          await inbox.show({ max, waitMs, signal: io.signal }, async (messages) => {
            if (messages.length === 0) {
              if (json !== true && called === undefined) io.stderr.write(io.stderr.colors.dim("no messages\n"));
              return;
            }
            if (called !== undefined) writeJson(io.stdout, hookAnswer(called, agent, messages));
            else if (json === true) for (const message of messages) writeJson(io.stdout, message);
            else io.stdout.write(`${printableLines(messageText(agent, messages))}\n`);
            await io.stdout.drained();
          });
        } finally {
          local.close();
        }
      });
    });
}

async function readHook(io: CliIo, self: Command): Promise<Hook> {
  const hook = parseHook(await text(addAbortSignal(io.signal, io.stdin.stream)));
  return hook ?? self.error("error: --hook reads the input of a hook from stdin: JSON with hook_event_name");
}

function agentName(name: string): string {
  try {
    inboxOf(name);
    return name;
  } catch (thrown) {
    throw new InvalidArgumentError(messageOf(thrown));
  }
}

function waitTime(value: string): number {
  try {
    return parseDuration(value, "wait", { max: longestWaitMs });
  } catch {
    throw new InvalidArgumentError("It must be a duration of at most a day, such as 30s or 5m.");
  }
}
