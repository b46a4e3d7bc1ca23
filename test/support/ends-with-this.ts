/**
 * A program and its arguments, as a shell runs them until they end or until stdin ends, whichever is first: with a pipe as
 * its stdin it does not outlive this process, whatever kills that.
 */
export function endsWithThis(command: readonly [string, ...string[]]): [string, ...string[]] {
  return ["/bin/sh", "-c", guard, "sh", ...command];
}

const guard = 'exec 3<&0; "$@" </dev/null & child=$!; { cat >/dev/null; kill $child; } <&3 2>/dev/null & wait $child';
