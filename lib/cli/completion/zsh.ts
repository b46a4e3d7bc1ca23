import type { CompletedCommand } from "./command-table.ts";

/** The completion script of zsh, with descriptions. */
export function zshScript(table: readonly CompletedCommand[]): string {
  const paths = table.filter(({ path }) => path !== "").map(({ path }) => quoted(path));
  const cases = table.map(({ options, path, subcommands }) => {
    const names = subcommands.map(({ name, summary }) => described(name, summary));
    const flags = options.flatMap((option) => option.flags.map((flag) => described(flag, option.description)));
    return `    ${quoted(path)}) names=(${names.join(" ")}); flags=(${flags.join(" ")}) ;;`;
  });
  const choices = table.flatMap(({ options, path }) =>
    options
      .filter((option) => option.choices.length > 0)
      .map((option) => {
        const patterns = option.flags.map((flag) => quoted(`${path} ${flag}`)).join("|");
        return `    ${patterns}) compadd -- ${option.choices.map(quoted).join(" ")}; return ;;`;
      }),
  );
  const valued = table.flatMap(({ options }) =>
    options.filter(({ takesValue }) => takesValue).flatMap(({ flags }) => flags),
  );
  return `#compdef waggle
# zsh completion of waggle: eval "$(waggle completion zsh)", or this in a file _waggle on $fpath
_waggle() {
  local cmd="" next i
  local -a names flags
  for ((i = 2; i < CURRENT; i++)); do
    next="\${cmd:+$cmd }\${words[i]}"
    case "$next" in
    ${paths.join("|")}) cmd="$next" ;;
    esac
  done
  case "$cmd \${words[CURRENT-1]}" in
${choices.join("\n")}
  esac
  case "\${words[CURRENT-1]}" in
    ${[...new Set(valued)].join("|")}) _files; return ;;
  esac
  case "$cmd" in
${cases.join("\n")}
  esac
  if [[ "\${words[CURRENT]}" == -* ]]; then
    _describe -t options option flags
  elif (( \${#names} )); then
    _describe -t commands command names
  else
    _files
  fi
}
if [ "$funcstack[1]" = "_waggle" ]; then _waggle "$@"; else compdef _waggle waggle; fi
`;
}

/** In a description, a colon would end it. */
function described(name: string, description: string): string {
  return quoted(`${name}:${description.replaceAll("\\", "\\\\").replaceAll(":", "\\:")}`);
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
