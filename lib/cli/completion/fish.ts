import type { CompletedCommand, CompletedOption } from "./command-table.ts";

/** The completion script of fish 3 and later, with descriptions. */
export function fishScript(table: readonly CompletedCommand[]): string {
  const paths = table.filter(({ path }) => path !== "").map(({ path }) => quoted(path));
  const lines = table.flatMap(({ options, path, subcommands }) => {
    const at = `complete -c waggle -n ${quoted(`__waggle_at ${quoted(path)}`)}`;
    return [
      ...subcommands.map(({ name, summary }) => `${at} -f -a ${name} -d ${quoted(summary)}`),
      ...options.map((option) => `${at} ${optionWords(option)} -d ${quoted(option.description)}`),
    ];
  });
  return `# fish completion of waggle: waggle completion fish | source
function __waggle_at
  set -l path ""
  for word in (commandline -opc)[2..]
    set -l next (string trim -- "$path $word")
    if contains -- $next ${paths.join(" ")}
      set path $next
    end
  end
  test "$path" = "$argv[1]"
end
${lines.join("\n")}
`;
}

function optionWords({ choices, flags, takesValue }: CompletedOption): string {
  const names = flags.map((flag) => (flag.startsWith("--") ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`));
  const values = choices.length > 0 ? [`-x -a ${quoted(choices.join(" "))}`] : takesValue ? ["-r"] : [];
  return [...names, ...values].join(" ");
}

function quoted(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
