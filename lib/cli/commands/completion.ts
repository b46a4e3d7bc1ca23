import type { Command } from "commander";
import { createCommand, type GlobalOptions } from "../command.ts";
import { bashScript } from "../completion/bash.ts";
import { commandTable } from "../completion/command-table.ts";
import { fishScript } from "../completion/fish.ts";
import { zshScript } from "../completion/zsh.ts";
import type { CliIo } from "../io.ts";
import { writeJson } from "../output/json.ts";
import type { Registration } from "../registry.ts";

const scripts = { bash: bashScript, zsh: zshScript, fish: fishScript };
type Shell = keyof typeof scripts;

/** `waggle completion`, of the commands that the registry lists. */
export function completionCommand(io: CliIo, registry: readonly Registration[]): Command {
  return createCommand(io, "completion", {
    summary: "print the completion script of a shell",
    description:
      "Prints a script that completes commands, options and their values. It is made from the commands themselves: load it when " +
      "a shell starts, and it is never older than the command.",
    examples: [
      ["completion bash", 'in ~/.bashrc: eval "$(waggle completion bash)"'],
      ["completion zsh", 'in ~/.zshrc, after compinit: eval "$(waggle completion zsh)"'],
      ["completion fish", "in config.fish: waggle completion fish | source"],
    ],
    exits: { ok: "printed", failed: "a bug" },
  })
    .argument("<shell>", "bash, zsh or fish")
    .action(async (shell: string, _, self: Command) => {
      if (!isShell(shell))
        self.error(`error: unknown shell '${shell}'; the shells are ${Object.keys(scripts).join(", ")}`);
      const table = await commandTable(io, registry);
      const script = scripts[shell](table);
      if (self.optsWithGlobals<GlobalOptions>().json === true) writeJson(io.stdout, { shell, script });
      else io.stdout.write(script);
    });
}

function isShell(name: string): name is Shell {
  return Object.hasOwn(scripts, name);
}
