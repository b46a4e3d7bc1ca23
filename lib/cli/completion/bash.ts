import type { CompletedCommand } from "./command-table.ts";

/** The completion script of bash 3.2 and later. Where nothing of the command fits, it completes file names. */
export function bashScript(table: readonly CompletedCommand[]): string {
  const paths = table.filter(({ path }) => path !== "").map(({ path }) => JSON.stringify(path));
  const valued = table.flatMap(({ options }) =>
    options.filter(({ takesValue }) => takesValue).flatMap(({ flags }) => flags),
  );
  const choices = table.flatMap(({ options, path }) =>
    options
      .filter((option) => option.choices.length > 0)
      .map((option) => {
        const patterns = option.flags.map((flag) => JSON.stringify(`${path} ${flag}`)).join("|");
        return `    ${patterns}) COMPREPLY=($(compgen -W ${quoted(option.choices)} -- "$cur")); return ;;`;
      }),
  );
  const words = table.map(({ options, path, subcommands }) => {
    const names = subcommands.map(({ name }) => name);
    const flags = options.flatMap((option) => option.flags);
    return `    ${JSON.stringify(path)}) names=${quoted(names)}; flags=${quoted(flags)} ;;`;
  });
  return `# bash completion of waggle: eval "$(waggle completion bash)"
_waggle() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" prev="\${COMP_WORDS[COMP_CWORD-1]}" path="" names="" flags="" next i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    next="\${path:+$path }\${COMP_WORDS[i]}"
    case "$next" in
    ${paths.join("|")}) path="$next" ;;
    esac
  done
  case "$path $prev" in
${choices.join("\n")}
  esac
  case "$prev" in
    ${[...new Set(valued)].join("|")}) return ;;
  esac
  case "$path" in
${words.join("\n")}
  esac
  if [[ "$cur" == -* ]]; then
    COMPREPLY=($(compgen -W "$flags" -- "$cur"))
  else
    COMPREPLY=($(compgen -W "$names" -- "$cur"))
  fi
}
complete -o default -F _waggle waggle
`;
}

/** Names and flags have no characters that a shell acts on. */
function quoted(words: readonly string[]): string {
  return `"${words.join(" ")}"`;
}
