/** A line of progress. Goes to stderr, so that the tests' own output stays clean for pipes. */
export function say(line: string): void {
  process.stderr.write(`aws tests: ${line}\n`);
}

/** Says what is being done, and how long it took. */
export async function timed<Result>(what: string, work: () => Promise<Result>): Promise<Result> {
  const began = performance.now();
  say(`${what} …`);
  const result = await work();
  say(`${what}: ${((performance.now() - began) / 1_000).toFixed(1)} s`);
  return result;
}
