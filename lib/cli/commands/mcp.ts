import { type Command, InvalidArgumentError } from "commander";
import { type Write, writes } from "../../mcp/tool.ts";
import { loadOptional } from "../../runtime/optional-package.ts";
import { localMcp } from "../../server/mcp/local.ts";
import { createCommand, type GlobalOptions } from "../command.ts";
import type { CliIo } from "../io.ts";
import { withBus } from "../open-bus.ts";
import { packageVersion } from "../package-version.ts";

type Options = GlobalOptions & { allow?: Write[] };

/** `waggle mcp` */
export function mcpCommand(io: CliIo): Command {
  return createCommand(io, "mcp", {
    summary: "give agents the bus as MCP tools, over stdin and stdout",
    description:
      "Serves the bus to an agent as tools of the Model Context Protocol, over stdin and stdout, until the agent closes them: query, " +
      "flow, wait, dead letters; and its events as MCP Events, by poll and push. It only reads, unless --allow names more. Put it into the agent's list of MCP servers.",
    examples: [
      ["mcp", "tools that only read"],
      ["mcp --allow publish,redrive", "the agent may also publish, and redrive dead letters"],
      ["mcp --allow claim", "the agent may also take deliveries of a subscription, and settle them"],
    ],
    exits: { ok: "the agent closed the connection", failed: "the bus cannot be opened, or a package is missing" },
  })
    .option("--allow <tools>", "writing tools to give, with commas: publish, redrive, claim, inbox", allowed)
    .action((_, self: Command) => {
      const { allow = [] } = self.optsWithGlobals<Options>();
      return withBus(io, self, { create: true, source: "waggle-mcp" }, async (bus) => {
        const { serveMcpOverStdio } = await loadOptional(
          () => import("../../mcp/serve-stdio.ts"),
          "waggle mcp",
          "@modelcontextprotocol/server",
        );
        const onError = ({ message }: Error) => io.stderr.write(`warning: ${message}\n`);
        const closing = new AbortController();
        const local = localMcp(bus, closing.signal);
        const may = ({ write }: { write?: Write }) => write === undefined || allow.includes(write);
        try {
          await serveMcpOverStdio(
            { ...local, may, version: packageVersion() },
            { stdin: io.stdin.stream, signal: io.signal, onError },
          );
        } finally {
          closing.abort();
          local.close();
        }
      });
    });
}

function allowed(text: string, before: readonly Write[] = []): Write[] {
  const names = text.split(",").map((name) => {
    const found = writes.find((one) => one === name.trim());
    if (found === undefined) throw new InvalidArgumentError(`the writing tools are ${writes.join(", ")}`);
    return found;
  });
  return [...new Set([...before, ...names])];
}
