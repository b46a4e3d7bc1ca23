import type { Command } from "commander";
import { BusError } from "../../error/bus-error.ts";
import type { Event } from "../../event/event.ts";
import { hasExpired } from "../../history/approvals.ts";
import { answerApproval, findApproval, waitingApprovals } from "../approvals.ts";
import { createCommand, type GlobalOptions } from "../command.ts";
import type { CliIo } from "../io.ts";
import { withBus } from "../open-bus.ts";
import { dataDigest } from "../output/data-digest.ts";
import { writeJson } from "../output/json.ts";
import { type Column, renderTable } from "../output/table.ts";
import { printable } from "../output/text.ts";
import { formatAgo } from "../output/time.ts";

type Options = GlobalOptions & { deny?: boolean; reason?: string; by?: string };

/** `waggle approve` */
export function approveCommand(io: CliIo): Command {
  return createCommand(io, "approve", {
    summary: "list what waits for a person, grant or deny it",
    description:
      "Lists the events approval.requested (or custom.approval.requested) that nobody has answered, or answers one: publishes " +
      "approval.granted or approval.denied in the flow of the request, caused by it. An agent waits for the answer with " +
      "`waitFor` or a subscription. A request is answered once.",
    examples: [
      ["approve", "what waits for a person"],
      ["approve 0190a5d2-3c4e-7a1b-8c2d-3e4f5a6b7c8d --reason 'checked the numbers'", "grant a request"],
      ["approve 0190a5d2-3c4e-7a1b-8c2d-3e4f5a6b7c8d --deny --reason 'too expensive'", "deny it"],
    ],
    exits: {
      ok: "listed, even if nothing waits; or answered",
      failed: "the request does not exist, was answered already or has expired; or its catalog has no such answer",
    },
  })
    .argument("[id]", "id of the request; default: list what waits")
    .option("--deny", "deny rather than grant it")
    .option("--reason <text>", "why; the agent gets it as data.reason")
    .option("--by <name>", "who answers (default: the user of the system)")
    .action((id: string | undefined, _, self: Command) => {
      const options = self.optsWithGlobals<Options>();
      const { by = io.env.USER ?? io.env.USERNAME, deny, reason } = options;
      if (id === undefined && (deny ?? reason ?? options.by) !== undefined) {
        self.error("error: missing argument 'id'; --deny, --reason and --by are for the answer to one request");
      }
      return withBus(io, self, { source: "waggle-cli" }, async (bus) => {
        if (id === undefined) return list(io, waitingApprovals(bus, io.now()), options);
        const approval = await findApproval(bus, id);
        if (approval.answer !== undefined) throw answered(id, approval.answer);
        if (hasExpired(approval.request, io.now())) {
          const { expiresAt } = approval.request.metadata;
          throw new BusError("conflict", `request ${id} expired at ${expiresAt}; its agent must ask again`);
        }
        const answer = await answerApproval(bus, approval, { granted: deny !== true, by, reason });
        if (options.json === true) writeJson(io.stdout, answer);
        else io.stdout.write(`${io.stdout.colors.green("✓")} ${printable(answer.type)} ${answer.id}\n`);
      });
    });
}

async function list(io: CliIo, waiting: AsyncIterable<Event>, { json }: Options): Promise<void> {
  const requests: Event[] = [];
  for await (const request of waiting) {
    io.signal.throwIfAborted();
    if (json === true) writeJson(io.stdout, request);
    else requests.push(request);
  }
  if (json === true) return;
  if (requests.length === 0) io.stderr.write(io.stderr.colors.dim("nothing waits for a person\n"));
  else io.stdout.write(renderTable(io.stdout, columns(io), requests));
}

function columns(io: CliIo): Column<Event>[] {
  const { bold, dim } = io.stdout.colors;
  const { isTTY } = io.stdout;
  return [
    { title: "ID", text: ({ id }) => printable(id), style: bold },
    { title: "ASKED", text: ({ time }) => (isTTY ? formatAgo(time, io.now()) : time), style: dim },
    { title: "AGENT", text: ({ metadata, source }) => printable(metadata.agentId ?? source) },
    { title: "DATA", text: ({ data }) => dataDigest(data), flexible: true },
  ];
}

function answered(id: string, { id: answerId, time, type }: Event): BusError {
  return new BusError("conflict", `request ${id} was answered at ${time}: ${type} ${answerId}`);
}
